import Glibc
import Testing

/// The repository's files, as the tidy rules look at them.
enum SourceTree {
    /// The repository's root, from this file's place in it.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
        separator: "/"
    )

    static let sources = files(below: "Sources", ending: ".swift")
    static let tests = files(below: "Tests", ending: ".swift")
    static let documents = ["README.md", "CONTRIBUTING.md"].map(file) + files(below: "docs", ending: ".md")

    /// One text file: its path from the root, and its lines. Every test looks at the same ones, which are read once.
    struct File: Sendable, CustomTestStringConvertible {
        let path: String
        let lines: [Substring]
        /// Lines without what follows `//`: what the compiler reads, but for string literals.
        let code: [Substring]

        init(path: String, text: String) {
            self.path = path
            lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            code = lines.map { line in line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line }
        }

        var testDescription: String { path }

        /// `Hypervisor` for `Sources/Hypervisor/...`.
        var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    static func file(_ path: String) -> File {
        File(path: path, text: text(of: path))
    }

    static func exists(_ path: String) -> Bool { access("\(root)/\(path)", F_OK) == 0 }

    static func files(below directory: String, ending suffix: String) -> [File] {
        paths(below: directory).filter { $0.hasSuffix(suffix) }.map(file)
    }

    private static func paths(below directory: String) -> [String] {
        guard let stream = opendir("\(root)/\(directory)") else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(".") { continue }
            let path = "\(directory)/\(name)"
            found += entry.pointee.d_type == UInt8(DT_DIR) ? paths(below: path) : [path]
        }
        return found.sorted()
    }

    private static func text(of path: String) -> String {
        guard let file = fopen("\(root)/\(path)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
