/// Finds the option a user most likely meant.
enum Suggestion {
    /// The candidate nearest to `word`, or nil when none is near enough to be worth saying.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        // Longer than any option plus its typing errors: nothing to compare, and the cost stays bounded.
        guard word.utf8.count <= 40 else { return nil }
        let stem = word.drop { $0 == "-" }
        guard stem.count >= 2 else { return nil }
        let ranked = candidates.map { candidate in
            let other = candidate.drop { $0 == "-" }
            let distance = other.hasPrefix(stem) ? 1 : editDistance(Array(stem), Array(other))
            return (candidate: candidate, distance: distance, limit: max(1, min(3, other.count / 2)))
        }
        let near = ranked.filter { $0.distance <= $0.limit }
        return near.min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?.candidate
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
    static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
