import Devices
import Hypervisor
import Platform
import RV64Core
import Synchronization

/// Runs every hart of every guest on one thread, in a fixed order, on a clock that counts their instructions.
///
/// The harts share one time line: a turn moves the clock on by what it retired. When all sleep, the clock skips to the
/// next deadline. So a run depends on its input alone.
package final class InstructionScheduler: Sendable {
    /// Instructions per turn.
    private static let quantum: UInt64 = 10_000

    private let machines: [VirtualMachine]
    private let clock: InstructionClock
    private let results: Lock<[StopReason?]>
    private let script: Lock<[UInt8]>
    /// The first guest's thread runs the schedule; the others wait for their result.
    private let isRunning = Lock<Bool>(false)
    private let finished: [ParkingSpot]

    /// Takes the whole console input of the first guest as `input`.
    init(_ machines: [VirtualMachine], clock: InstructionClock, input: [UInt8]) {
        self.machines = machines
        self.clock = clock
        results = Lock(Array(repeating: nil, count: machines.count))
        script = Lock(input)
        finished = machines.map { _ in ParkingSpot() }
    }

    /// Runs a guest to its end, together with all others. Called once per guest, each on a thread of its own.
    package func run(_ machine: VirtualMachine) -> StopReason {
        machine.watched { runUntilEnded(machine) }
    }

    private func runUntilEnded(_ machine: VirtualMachine) -> StopReason {
        guard let index = machines.firstIndex(where: { $0 === machine }) else { return .requested }
        let isFirst = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        if isFirst { runAll() }
        while true {
            if let reason = results.withLock({ $0[index] }) { return reason }
            finished[index].sleep(nanoseconds: nil)
        }
    }

    private func runAll() {
        while results.withLock({ $0.contains { $0 == nil } }) { round() }
    }

    /// One turn for every hart of every guest that still runs.
    private func round() {
        var isIdle = true
        var deadline = UInt64.max
        for (index, machine) in machines.enumerated() where results.withLock({ $0[index] }) == nil {
            if machine.isStopped {
                if let reason = machine.finishStop() { finish(index, reason) }
                isIdle = false
                continue
            }
            offerScript(to: machine, index)
            machine.runTimedDevices()
            deadline = min(deadline, machine.nextDeviceDeadline ?? .max)
            for hart in machine.harts where !machine.isStopped {
                let tick = turn(hart)
                guard let tick else {
                    isIdle = false
                    continue
                }
                let (nanoseconds, overflows) = tick.multipliedReportingOverflow(by: Timebase.nanosecondsPerTick)
                deadline = min(deadline, overflows ? .max : nanoseconds)
            }
        }
        if isIdle { skip(to: deadline) }
    }

    /// - Returns: nil if the hart ran; the `time` until which it sleeps otherwise.
    private func turn(_ hart: VirtualCPU) -> UInt64? {
        if let tick = hart.sleepDeadline { return tick }
        let before = hart.instructions.load(ordering: .relaxed)
        let step = hart.step(limit: Self.quantum)
        clock.advance(byNanoseconds: hart.instructions.load(ordering: .relaxed) &- before)
        hart.hart.clockAdvanced()
        switch step {
        case .ran: break
        case .sleep(let tick): hart.fallAsleep(untilTick: tick)
        case .stopped: hart.fallAsleep(untilTick: .max)
        }
        return nil
    }

    private func skip(to deadline: UInt64) {
        guard deadline == .max else {
            clock.advance(byNanoseconds: deadline &- min(deadline, clock.nanoseconds))
            return
        }
        // Nothing but input from outside can wake a guest now: look again in ten milliseconds of the host's time.
        machines.first?.harts.first?.pause(nanoseconds: 10_000_000)
        // An unfinished line, such as a prompt, is shown by this clock.
        clock.advance(byNanoseconds: 10_000_000)
    }

    private func offerScript(to machine: VirtualMachine, _ index: Int) {
        guard index == 0 else { return }
        script.withLock { script in
            guard !script.isEmpty else { return }
            script.removeFirst(machine.input.offer(script))
        }
    }

    private func finish(_ index: Int, _ reason: StopReason) {
        machines[index].ran(forNanoseconds: clock.nanoseconds)
        // Here and not on the guest's own thread, so that its last line stands in the same place in every run.
        machines[index].console.end()
        results.withLock { $0[index] = reason }
        finished[index].wake()
    }
}
