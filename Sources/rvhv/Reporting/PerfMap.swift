import Glibc
import Hypervisor
import Platform
import RV64Core

/// Names for translated code, as Linux's perf looks for them: a line for each block, in `/tmp/perf-PID.map`.
final class PerfMap: Observer {
    private struct State {
        var buffer: [UInt8] = []
        var failure: HostFailure?
    }

    /// Lines are written many at once: a kernel has tens of thousands.
    private static let bufferSize = 1 << 16

    let events: ObservedEvents = .translations
    let path: String
    private let descriptor: Int32
    private let sink: FileDescriptorSink
    private let state = Lock(State())

    init(path: String = "/tmp/perf-\(getpid()).map") throws(HostFailure) {
        self.path = path
        // In a folder of everybody's: not through a link that somebody else has put there.
        switch OutputFile.open(path, flags: O_NOFOLLOW) {
        case .success(let opened): descriptor = opened
        case .failure(let error): throw .cannotOpen(path: path, purpose: "--perf-map", code: error.code)
        }
        sink = FileDescriptorSink(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    func observe(_ record: EventRecord, of machine: any ObservedMachine) {
        guard case .hart(.translation(let translated)) = record.event else { return }
        add(translated, guest: machine.name, symbol: machine.symbol(at: translated.pc)?.symbol)
    }

    /// Code that the guest's file has no symbol for goes by its page.
    func add(_ translated: TranslatedCode, guest: String, symbol: String?) {
        state.withLock { state in
            state.buffer.append(hexadecimal: UInt64(translated.code.lowerBound))
            state.buffer.append(UInt8(ascii: " "))
            state.buffer.append(hexadecimal: UInt64(translated.code.count))
            state.buffer += " [".utf8
            state.buffer += guest.utf8
            state.buffer += "] ".utf8
            if let symbol {
                state.buffer += symbol.printable.utf8
            } else {
                state.buffer += "0x".utf8
                state.buffer.append(hexadecimal: translated.pc & ~Page.offsetMask)
            }
            state.buffer.append(UInt8(ascii: "\n"))
            if state.buffer.count >= Self.bufferSize { flush(&state) }
        }
    }

    /// Writes what is left.
    func finish() throws(HostFailure) {
        let failure = state.withLock { state in
            flush(&state)
            return state.failure
        }
        if let failure { throw failure }
    }

    private func flush(_ state: inout State) {
        if case .failed(let code) = sink.write(state.buffer) { state.failure = .cannotWrite(path: path, code: code) }
        state.buffer.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    /// The number's digits. A String of its own for each would take longer than the rest of the line.
    fileprivate mutating func append(hexadecimal value: UInt64) {
        let digits = Swift.max(1, (67 - value.leadingZeroBitCount) / 4)
        for place in stride(from: digits - 1, through: 0, by: -1) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * place) & 15)
            append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
    }
}
