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
        guard case .hart(.translation(let translation)) = record.event else { return }
        add(translation, name: "[\(machine.name)] \(machine.place(of: translation.pc).printable)")
    }

    func add(_ translation: TranslatedCode, name: String) {
        let code = translation.code
        let line = "\(String(code.lowerBound, radix: 16)) \(String(code.count, radix: 16)) \(name)\n"
        state.withLock { state in
            state.buffer += line.utf8
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
