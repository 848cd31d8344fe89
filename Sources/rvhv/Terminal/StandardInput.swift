import Glibc

/// Standard input, read as a whole or piece by piece.
enum StandardInput {
    enum Chunk: Equatable {
        case bytes([UInt8])
        case end
        /// The host does not give it, with this value of `errno`.
        case failed(Int32)
        /// Nothing now, for instance after a signal.
        case nothing
    }

    /// The most that is read as a whole.
    static let sizeLimit = 64 << 20

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Reads what there is, once `poll` has said that there is something.
    static func read(atMost limit: Int) -> Chunk {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(STDIN_FILENO, &buffer, limit)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        if count == 0 { return .end }
        switch errno {
        case EINTR, EAGAIN: return .nothing
        // Closed from the start, or a terminal that is gone: nobody types.
        case EBADF: return .end
        // Or one that this process, now in the background, may not read.
        case EIO: return isTerminal && !RawMode.isForeground ? .nothing : .end
        case let code: return .failed(code)
        }
    }

    /// Reads everything up to the end, for runs whose input must not depend on when it comes.
    static func readAll() throws(HostFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            switch read(atMost: 65536) {
            case .bytes(let chunk): bytes += chunk
            case .end: return bytes
            case .failed(let code): throw .cannotReadInput(code: code)
            case .nothing:
                var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                poll(&descriptor, 1, -1)
            }
            if bytes.count > sizeLimit { throw .inputTooLong(limit: sizeLimit) }
        }
    }
}
