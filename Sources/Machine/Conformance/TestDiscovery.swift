import Glibc

/// Finds the test programs below the paths of a command line.
package enum TestDiscovery {
    /// Deeper than any suite; symbolic links to folders are not followed, so this only guards the stack.
    private static let depthLimit = 64
    private static let headerSize = 20
    private static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    private static let executable: UInt8 = 2
    private static let sharedObject: UInt8 = 3

    /// The ELF programs among the files, and below the folders, of `paths`, in the order of the paths and by name
    /// within each.
    ///
    /// - Throws: `TestDiscoveryError` for a path that cannot be read, or is a file that is no program.
    package static func tests(at paths: [String]) throws(TestDiscoveryError) -> [ConformanceTest] {
        var tests: [ConformanceTest] = []
        for path in paths {
            let root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            switch kind(of: root, followingLinks: true) {
            case .folder: try visit(root, below: "", folder: lastPart(root), depth: 0, into: &tests)
            case .program:
                tests.append(ConformanceTest(path: root, name: lastPart(root), folder: lastFolder(root)))
            case .other: throw TestDiscoveryError(path: path, reason: .notProgram)
            case .unreadable(let code): throw TestDiscoveryError(path: path, reason: .unreadable(errno: code))
            }
        }
        return tests
    }

    private enum Kind {
        case folder
        case program
        case other
        case unreadable(Int32)
    }

    private static func visit(
        _ path: String,
        below prefix: String,
        folder: String,
        depth: Int,
        into tests: inout [ConformanceTest]
    ) throws(TestDiscoveryError) {
        guard depth < depthLimit else { return }
        for entry in try names(in: path) {
            let child = path + "/" + entry
            switch kind(of: child, followingLinks: false) {
            case .folder:
                try visit(child, below: prefix + entry + "/", folder: folder, depth: depth + 1, into: &tests)
            case .program: tests.append(ConformanceTest(path: child, name: prefix + entry, folder: folder))
            case .other, .unreadable: break
            }
        }
    }

    private static func names(in path: String) throws(TestDiscoveryError) -> [String] {
        guard let directory = opendir(path) else {
            throw TestDiscoveryError(path: path, reason: .unreadable(errno: errno))
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func kind(of path: String, followingLinks: Bool) -> Kind {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return .unreadable(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFLNK: return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? fileKind(path) : .other
        case S_IFREG: return fileKind(path)
        default: return .other
        }
    }

    /// By the ELF header: object files, dumps and signatures lie beside the programs in most suites.
    private static func fileKind(_ path: String) -> Kind {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .unreadable(errno) }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: headerSize)
        guard read(descriptor, &header, headerSize) == headerSize, header.starts(with: magic) else { return .other }
        return [executable, sharedObject].contains(header[16]) ? .program : .other
    }

    private static func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func lastFolder(_ path: String) -> String {
        path.split(separator: "/").dropLast().last.map(String.init) ?? "."
    }
}

/// A path that was given cannot be used.
package struct TestDiscoveryError: Error, Equatable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case unreadable(errno: Int32)
        case notProgram
    }

    package let path: String
    package let reason: Reason

    package var description: String {
        switch reason {
        case .unreadable(let code): "cannot read '\(path)': \(String(cString: strerror(code)))"
        case .notProgram: "'\(path)' is not an ELF program"
        }
    }
}
