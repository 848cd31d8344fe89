import Glibc
import Platform
import Synchronization

/// The thread that reads the keys or the pipe.
///
/// It never writes to the screen: a reader of the output that is slow, or none, does not keep a command from being seen.
final class InputLoop: Sendable {
    /// What standard input is to the guests.
    enum Input: Sendable {
        /// Bytes are typed, and Ctrl-A starts a command.
        case keys
        /// Bytes go as they are to the guest that is focused at first.
        case stream
        /// Not read.
        case none
    }

    struct Callbacks: Sendable {
        /// Which guest gets what is read.
        var focus: @Sendable () -> Int
        /// A command was typed.
        var command: @Sendable (KeyDecoder.Event) -> Void
        /// A guest has not taken its input for so long that some is lost. Called once until it listens again.
        var lost: @Sendable (Int) -> Void
        /// The host does not give the input, with this value of `errno`.
        var failed: @Sendable (Int32) -> Void
    }

    /// What is read at once.
    private static let chunk = 4096

    private let input: Input
    private let guests: [any GuestInput]
    private let wake: Event
    private let events: EventLoop
    private let callbacks: Callbacks
    private let isStopping = Atomic<Bool>(false)
    private let thread = Lock<HostThread?>(nil)

    init(input: Input, guests: [any GuestInput], wake: Event, callbacks: Callbacks) throws(HostFailure) {
        guard let events = try? EventLoop() else { throw .noDescriptor }
        events.watch(wake.descriptor, for: .readable)
        self.events = events
        self.input = input
        self.guests = guests
        self.wake = wake
        self.callbacks = callbacks
    }

    func start() throws(HostFailure) {
        guard let started = try? HostThread({ self.run() }) else { throw .noThread }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
        thread.withLock { $0.take() }?.join()
    }

    private struct State {
        var pump: InputPump
        var decoder = KeyDecoder()
        var isOpen = true
        /// Guests whose loss was told.
        var losers: Set<Int> = []
    }

    private func run() {
        var state = State(pump: InputPump(guests: guests))
        while !isStopping.load(ordering: .acquiring) {
            events.watch(STDIN_FILENO, for: readsInput(state) ? .readable : [])
            let ready = events.wait(until: state.pump.retryDeadline)
            let now = MonotonicTime.nanoseconds()
            let isWoken = ready[wake.descriptor] != nil
            if isWoken { wake.clear() }
            if isWoken && state.pump.isBackedUp || state.pump.retryDeadline <= now { state.pump.offer(at: now) }
            guard ready[STDIN_FILENO] != nil else { continue }
            switch StandardInput.read(atMost: Self.chunk) {
            case .bytes(let bytes): take(bytes, &state, at: now)
            case .end: state.isOpen = false
            case .failed(let code):
                state.isOpen = false
                callbacks.failed(code)
            case .nothing: break
            }
        }
    }

    /// A pipe is not read while its guest has no room; keys are, within limits, because a command may be among them.
    private func readsInput(_ state: State) -> Bool {
        guard state.isOpen else { return false }
        switch input {
        case .keys:
            return state.pump.readsKeys(for: callbacks.focus(), at: MonotonicTime.nanoseconds()) && RawMode.isForeground
        case .stream: return !state.pump.isBackedUp
        case .none: return false
        }
    }

    private func take(_ bytes: [UInt8], _ state: inout State, at now: UInt64) {
        switch input {
        case .stream: state.pump.send(bytes, to: callbacks.focus(), at: now)
        case .keys:
            for event in state.decoder.decode(bytes) {
                guard case .input(let keys) = event else {
                    callbacks.command(event)
                    continue
                }
                let guest = callbacks.focus()
                if state.pump.send(keys, to: guest, at: now) == 0 {
                    state.losers.remove(guest)
                } else if state.losers.insert(guest).inserted {
                    callbacks.lost(guest)
                }
            }
        case .none: break
        }
    }
}
