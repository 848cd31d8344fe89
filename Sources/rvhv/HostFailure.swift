import Glibc

/// What kept rvhv itself from its work.
enum HostFailure: Error, Equatable, Sendable {
    case cannotOpen(path: String, purpose: String, code: Int32)
    case cannotWrite(path: String, code: Int32)
    case cannotWriteOutput(code: Int32)
    case cannotWriteErrors(code: Int32)
    case cannotReadInput(code: Int32)
    case inputTooLong(limit: Int)
    case noThread
    case noDescriptor
    case noSignature(path: String)
    case noTests(filter: String?)
}

extension HostFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .cannotOpen(let path, let purpose, let code):
            "cannot open \(quoted(path)) for \(purpose): \(String(cString: strerror(code)))"
        case .cannotWrite(let path, let code): "cannot write \(quoted(path)): \(String(cString: strerror(code)))"
        case .cannotWriteOutput(let code): "cannot write standard output: \(String(cString: strerror(code)))"
        case .cannotWriteErrors(let code): "cannot write standard error: \(String(cString: strerror(code)))"
        case .cannotReadInput(let code): "cannot read standard input: \(String(cString: strerror(code)))"
        case .inputTooLong(let limit):
            "standard input is longer than \(limit >> 20) MiB, the most that is read before a run with --clock instructions"
        case .noThread: "the host allows no more threads"
        case .noDescriptor: "the host allows no more open files"
        case .noTests(nil): "there are no ELF programs to run"
        case .noTests(let filter?): "no test's path contains \(quoted(filter))"
        case .noSignature(let path):
            "\(quoted(path)) has no signature: it lacks the symbols begin_signature and end_signature, or they make no sense"
        }
    }
}
