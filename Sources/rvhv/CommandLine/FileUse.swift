import Glibc

/// A file that the command line names, and what for.
struct FileUse: Equatable, Sendable {
    enum Role: Sendable {
        case input
        case output
    }

    var role: Role
    /// The option that names it; nil for a guest's or program's own file.
    var option: String?
    var path: String

    fileprivate static func some(_ role: Role, _ option: String, _ path: String?) -> [FileUse] {
        path.map { [FileUse(role: role, option: option, path: $0)] } ?? []
    }
}

// A new option that names a file has its line here.

extension GuestOptions {
    var files: [FileUse] {
        [FileUse(role: .input, path: path)] + FileUse.some(.input, "--initrd", initrd)
            + FileUse.some(.output, "--dump-dtb", dumpDTB)
    }
}

extension MachineOptions {
    var files: [FileUse] {
        FileUse.some(.input, "--kernel", kernel) + FileUse.some(.output, "--signature", signature)
    }
}

extension ConformOptions {
    var files: [FileUse] { FileUse.some(.output, "--junit", junit) + FileUse.some(.output, "--json", json) }
}

extension SessionOptions {
    var files: [FileUse] {
        FileUse.some(.output, "--log", log) + FileUse.some(.output, "--profile", profile)
    }
}

/// Refuses to write over what is read, and to write two things to one file.
///
/// Files are told apart as the host does it: another name of a file, a link to it or `/dev/fd/3` is the same file.
/// Terminals, pipes and `/dev/null` are no files in this sense: what is written to them replaces nothing.
enum FileConflicts {
    static func check(_ uses: [FileUse], standardInput: Int32 = STDIN_FILENO) throws(UsageError) {
        var written: [FileIdentity: FileUse] = [:]
        for use in uses where use.role == .output {
            guard let identity = FileIdentity(path: use.path) else { continue }
            if let other = written.updateValue(use, forKey: identity) { throw .outputTwice(other, use) }
        }
        for use in uses where use.role == .input {
            guard let identity = FileIdentity(path: use.path), let output = written[identity] else { continue }
            throw .outputOntoInput(output, use)
        }
        if let identity = FileIdentity(descriptor: standardInput), let output = written[identity] {
            throw .outputOntoStandardInput(output)
        }
    }
}

/// What makes two paths one file.
private enum FileIdentity: Hashable {
    case file(device: UInt64, number: UInt64)
    /// A file that does not exist yet: where it would be.
    case place(String)

    /// nil where writing replaces nothing.
    init?(path: String) {
        var status = stat()
        if stat(path, &status) == 0 {
            self.init(status)
        } else {
            self = .place(Self.place(of: path, links: 8))
        }
    }

    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init?(_ status: stat) {
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        self = .file(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    /// The path with its folder's name made plain, and a link to nothing yet followed.
    private static func place(of path: String, links: Int) -> String {
        let cut = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = cut.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = cut.map { String(path[path.index(after: $0)...]) } ?? path
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &target, target.count)
        if links > 0, count > 0 {
            let text = String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            return place(of: text.hasPrefix("/") ? text : "\(folder)/\(text)", links: links - 1)
        }
        guard let plain = realpath(folder, nil) else { return path }
        defer { free(plain) }
        return String(cString: plain) + "/" + name
    }
}
