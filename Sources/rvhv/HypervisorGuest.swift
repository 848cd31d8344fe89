import Devices
import Hypervisor
import Machine
import Platform
import Synchronization

/// A virtual machine as the command line and the terminal see it.
final class HypervisorGuest: RunnableGuest {
    let machine: VirtualMachine
    private let scheduler: InstructionScheduler?
    private let hasEnded = Atomic<Bool>(false)
    private let start = HostClock()

    /// `scheduler` runs all guests on one thread in a fixed order; nil for a thread per hart.
    init(_ machine: VirtualMachine, scheduler: InstructionScheduler?) {
        self.machine = machine
        self.scheduler = scheduler
    }

    var name: String { machine.configuration.name }

    var statusLine: String {
        let state = hasEnded.load(ordering: .relaxed) ? "ended" : "running"
        let seconds = start.nanoseconds / 1_000_000_000
        return
            "\(state), \(machine.configuration.hartCount) harts, \(machine.instructions) instructions in \(seconds) s, "
            + "\(machine.residentBytes >> 20) of \(machine.configuration.memorySize >> 20) MiB in use"
    }

    var statistics: GuestStatistics { machine.statistics }

    func offer(_ bytes: [UInt8]) -> Int {
        hasEnded.load(ordering: .relaxed) ? bytes.count : machine.input.offer(bytes)
    }

    func requestStop() { machine.stop(.requested) }

    func run() -> GuestOutcome {
        let reason = scheduler?.run(machine) ?? machine.run()
        hasEnded.store(true, ordering: .relaxed)
        switch reason {
        case .shutDown: return .shutDown
        case .guestFailure(let code): return .failed(code: code)
        case .failed(let report): return .stopped(reason: report)
        case .requested, .reset: return .interrupted
        }
    }
}

extension GuestConsole: ConsoleSink {}

/// Passes traps on to the terminal.
final class TrapTracer: TrapObserver {
    private let session: TerminalSession

    init(_ session: TerminalSession) { self.session = session }

    func observe(_ record: TrapTraceRecord) { session.trace(record) }
}
