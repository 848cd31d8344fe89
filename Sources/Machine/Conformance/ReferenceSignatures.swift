/// A folder with the signatures of a reference model.
struct ReferenceSignatures: Sendable {
    let folder: String

    private static let suffixes = [".signature", ".reference_output", ".sig"]

    /// The reference of a test: beside the test's own place below the folder, or by its file name alone, with or
    /// without the program's suffix.
    ///
    /// - Returns: nil when there is none.
    func text(for test: ConformanceTest) -> String? {
        let file = test.name.split(separator: "/").last.map(String.init) ?? test.name
        var stems: [String] = []
        for name in [test.name, file] {
            stems.append(name)
            if let dot = name.lastIndex(of: "."), !name[dot...].contains("/") { stems.append(String(name[..<dot])) }
        }
        for stem in stems {
            for suffix in Self.suffixes {
                guard let contents = try? FileContents.read(path: folder + "/" + stem + suffix) else { continue }
                return contents.text
            }
        }
        return nil
    }
}
