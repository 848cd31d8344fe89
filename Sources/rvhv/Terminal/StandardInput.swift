import Glibc

/// Standard input, read as a whole or piece by piece.
enum StandardInput {
    enum Chunk: Equatable {
        case bytes([UInt8])
        case end
        /// Nothing now, for instance after a signal.
        case nothing
    }

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Reads what there is, once `poll` has said that there is something.
    static func read(atMost limit: Int) -> Chunk {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(STDIN_FILENO, &buffer, limit)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        if count == 0 { return .end }
        return errno == EINTR || errno == EAGAIN ? .nothing : .end
    }

    /// Reads everything up to the end, for runs whose input must not depend on when it comes.
    static func readAll(atMost limit: Int = 64 << 20) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            switch read(atMost: min(65536, limit - bytes.count)) {
            case .bytes(let chunk): bytes += chunk
            case .end: return bytes
            case .nothing:
                var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                poll(&descriptor, 1, -1)
            }
        }
        return bytes
    }
}
