/// Pairs of neighbours that the interpreter executes as one: the second needs no dispatch, and what it takes from the
/// first is still in a host register.
///
/// The block builder puts the pair's handler into the first instruction's place and leaves the second one as it is: where
/// the fast case of either does not apply, the interpreter goes on there with that instruction alone.
///
/// The pairs are the most frequent ones of a booting Linux and of the benchmarks: see docs/Performance.md.
extension Handler {
    /// The pair that two handlers make, if it is one of those.
    @inline(__always)
    static func pair(_ first: Handler, _ second: Handler) -> Handler? {
        let pair = pairs[Int(first.rawValue) &* allCases.count &+ Int(second.rawValue)]
        return pair == .outOfLine ? nil : pair
    }

    /// By first and second; `outOfLine` where they make none.
    private static let pairs: [Handler] = {
        var result = [Handler](repeating: .outOfLine, count: allCases.count * allCases.count)
        for (first, second, pair) in allPairs {
            result[Int(first.rawValue) * allCases.count + Int(second.rawValue)] = pair
        }
        return result
    }()

    static let allPairs: [(first: Handler, second: Handler, pair: Handler)] = [
        (.add, .add, .addAdd),
        (.add, .bltu, .addBltu),
        (.add, .ld, .addLd),
        (.addi, .add, .addiAdd),
        (.addi, .addi, .addiAddi),
        (.addi, .bne, .addiBne),
        (.addi, .sd, .addiSd),
        (.ld, .addi, .ldAddi),
        (.ld, .ld, .ldLd),
        (.sd, .addi, .sdAddi),
        (.sd, .sd, .sdSd),
        (.slli, .add, .slliAdd),
        (.slli, .srli, .slliSrli),
    ]
}
