import Glibc
import Testing

@testable import rvhv

/// A folder for one test.
private final class TemporaryFolder {
    let path: String

    init?() {
        var template = Array("/tmp/rvhv-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in ["file", "hard", "soft", "dangling"] { unlink("\(path)/\(name)") }
        rmdir("\(path)/folder")
        rmdir(path)
    }
}

@Suite struct FileConflictsTests {
    private let folder: TemporaryFolder
    private let descriptor: Int32

    /// `file` with a hard and a soft link, a link to nothing, and a folder.
    init() throws {
        folder = try #require(TemporaryFolder())
        let path = folder.path
        descriptor = open("\(path)/file", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(descriptor >= 0 && link("\(path)/file", "\(path)/hard") == 0 && symlink("file", "\(path)/soft") == 0)
        #expect(symlink("new", "\(path)/dangling") == 0 && mkdir("\(path)/folder", 0o700) == 0)
    }

    private func output(_ name: String) -> FileUse { FileUse(role: .output, option: "--log", path: path(name)) }
    private func input(_ name: String) -> FileUse { FileUse(role: .input, path: path(name)) }

    private func path(_ name: String) -> String {
        name.hasPrefix("/") ? name : name == "descriptor" ? "/dev/fd/\(descriptor)" : "\(folder.path)/\(name)"
    }

    private static let sameRows: [(String, String)] = [
        ("file", "file"), ("file", "hard"), ("soft", "file"), ("hard", "soft"), ("descriptor", "file"),
        ("descriptor", "soft"), ("new", "new"), ("new", "folder/../new"), ("dangling", "new"),
        ("file", "folder/../hard"),
    ]

    @Test(arguments: sameRows)
    func areOneFile(_ first: String, _ second: String) {
        defer { close(descriptor) }
        #expect(throws: UsageError.outputTwice(output(first), output(second))) {
            try FileConflicts.check([output(first), output(second)], standardInput: -1)
        }
        #expect(throws: UsageError.outputOntoInput(output(second), input(first))) {
            try FileConflicts.check([input(first), output(second)], standardInput: -1)
        }
    }

    private static let differentRows: [(String, String)] = [
        ("file", "new"), ("new", "folder/new"), ("/dev/null", "/dev/null"), ("folder", "folder"), ("dangling", "file"),
    ]

    @Test(arguments: differentRows)
    func areNot(_ first: String, _ second: String) throws {
        defer { close(descriptor) }
        try FileConflicts.check([output(first), output(second), input("nothing")], standardInput: -1)
    }

    @Test func inputsMayBeShared() throws {
        defer { close(descriptor) }
        try FileConflicts.check([input("file"), input("hard"), output("new")], standardInput: descriptor)
    }

    @Test func standardInputIsRead() {
        defer { close(descriptor) }
        #expect(throws: UsageError.outputOntoStandardInput(output("soft"))) {
            try FileConflicts.check([output("soft")], standardInput: descriptor)
        }
    }
}
