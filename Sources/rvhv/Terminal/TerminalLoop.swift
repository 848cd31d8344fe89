import Glibc
import Platform
import Synchronization

/// The terminal's thread: it reads the keys or the pipe, and shows unfinished lines when their time comes.
final class TerminalLoop: Sendable {
    /// What standard input is to the guests.
    enum Input: Sendable {
        /// Bytes are typed, and Ctrl-A starts a command.
        case keys
        /// Bytes go as they are to the guest that is focused at first.
        case stream
        /// Not read.
        case none
    }

    private let input: Input
    private let multiplexer: ConsoleMultiplexer
    private let guests: [any GuestInput]
    private let wake: Event
    /// A command typed; handled on the loop's thread.
    private let handle: @Sendable (KeyDecoder.Event) -> Void
    private let isStopping = Atomic<Bool>(false)
    private let thread = Lock<HostThread?>(nil)

    init(
        input: Input,
        multiplexer: ConsoleMultiplexer,
        guests: [any GuestInput],
        wake: Event,
        handle: @escaping @Sendable (KeyDecoder.Event) -> Void
    ) {
        self.input = input
        self.multiplexer = multiplexer
        self.guests = guests
        self.wake = wake
        self.handle = handle
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

    private func run() {
        var pump = InputPump(guests: guests)
        var decoder = KeyDecoder()
        var isOpen = true
        while !isStopping.load(ordering: .acquiring) {
            let events = wait(readsInput: isOpen && readsInput(pump), until: min(pump.retryDeadline, deadline))
            if events.wake {
                wake.clear()
                if pump.isBackedUp { pump.offer(at: MonotonicTime.nanoseconds()) }
            }
            if events.input {
                switch StandardInput.read(atMost: InputPump.limit) {
                case .bytes(let bytes): take(bytes, &pump, &decoder)
                case .end: isOpen = false
                case .nothing: break
                }
            }
            let now = MonotonicTime.nanoseconds()
            if pump.retryDeadline <= now { pump.offer(at: now) }
            multiplexer.showDue()
        }
    }

    private var deadline: UInt64 { multiplexer.nextDeadline }

    /// A pipe is not read while its guest has no room. Keys are always read, because a command may be among them.
    private func readsInput(_ pump: InputPump) -> Bool {
        switch input {
        case .keys: RawMode.isForeground
        case .stream: !pump.isBackedUp
        case .none: false
        }
    }

    private func take(_ bytes: [UInt8], _ pump: inout InputPump, _ decoder: inout KeyDecoder) {
        let now = MonotonicTime.nanoseconds()
        switch input {
        case .stream: pump.send(bytes, to: multiplexer.focusedGuest, at: now)
        case .keys:
            for event in decoder.decode(bytes) {
                if case .input(let keys) = event {
                    pump.send(keys, to: multiplexer.focusedGuest, at: now)
                } else {
                    handle(event)
                }
            }
        case .none: break
        }
    }

    private func wait(readsInput: Bool, until deadline: UInt64) -> (wake: Bool, input: Bool) {
        var descriptors = [
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: readsInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
        ]
        let now = MonotonicTime.nanoseconds()
        // Rounded up: a wake-up too early would find nothing to do.
        let milliseconds = deadline <= now ? 0 : (deadline - now + 999_999) / 1_000_000
        poll(&descriptors, 2, deadline == .max ? -1 : Int32(clamping: milliseconds))
        return (descriptors[0].revents != 0, descriptors[1].revents != 0)
    }
}
