import Hypervisor
import Platform
import RV64Core

/// Runs every hart of every machine on one thread, in a fixed order, on a clock that counts what they do.
///
/// The harts share one time line: a turn moves the clock on by the instructions that it retired and by the host's work
/// for it, in instructions. When all sleep, the clock skips to the next deadline. So a run depends on its input alone.
///
/// Each round a machine has one hart's turn: those of its harts that did not come to theirs are the first in the next
/// round. What a machine has used beyond a turn's worth is taken off its next turns; rounds for which nothing is left it
/// sits out. So neither one with many harts nor one that makes the host work takes more than its share.
final class InstructionScheduler: Scheduler {
    /// What a machine has in each round.
    private static let quantum: UInt64 = 10_000
    /// How often to look for input from outside while nothing else can wake a machine.
    private static let idleNanoseconds: UInt64 = 10_000_000

    private struct State {
        var arrivals: [Machine] = []
        var thread: HostThread?
        var isRunning = false
    }

    private let clock: InstructionClock
    private let guarded = Lock(State())
    private let parking = ParkingSpot()

    init(clock: InstructionClock) { self.clock = clock }

    deinit { guarded.withLock { $0.thread }?.join() }

    func add(_ machines: [Machine]) throws(HostThreadError) {
        for machine in machines { machine.attach(threads: 1) }
        do throws(HostThreadError) {
            try guarded.withLock { state throws(HostThreadError) in
                if !state.isRunning {
                    state.thread?.join()
                    state.thread = try HostThread { [self] in run() }
                    state.isRunning = true
                }
                state.arrivals += machines
            }
        } catch {
            for machine in machines { machine.detach() }
            throw error
        }
    }

    func reap() {
        guarded.withLock { state in
            if !state.isRunning { state.thread.take()?.join() }
        }
    }

    private func run() {
        var members: [Machine] = []
        while true {
            let isDone = guarded.withLock { state in
                members += state.arrivals
                state.arrivals = []
                state.isRunning = !members.isEmpty
                return members.isEmpty
            }
            if isDone { return }
            round(&members)
        }
    }

    /// A turn for every machine that owes less than one.
    private func round(_ members: inout [Machine]) {
        // Paying a debt is doing something, too.
        var isIdle = true
        var span: UInt64?
        for machine in members {
            switch machine.enter() {
            case .never, .later: break
            case .granted:
                if let limit = machine.account.withLock({ $0.limit(of: Self.quantum) }) {
                    let (used, rest) = turns(of: machine, upTo: limit)
                    isIdle = isIdle && used == 0
                    span = [span, rest].compactMap { $0 }.min()
                } else {
                    isIdle = false
                }
                machine.leave()
                machine.console.flush()
            }
        }
        members.removeAll { machine in
            let hasEnded = machine.state == .stopped
            if hasEnded { machine.detach() }
            return hasEnded
        }
        if isIdle { idle(members, until: span) }
    }

    /// - Returns: what the harts have used; if that is nothing, how many nanoseconds later one of them, or a device, is
    ///   due.
    private func turns(of machine: Machine, upTo limit: UInt64) -> (used: UInt64, rest: UInt64?) {
        let drivers = machine.drivers
        var next = machine.account.withLock { $0.next }
        var used: UInt64 = 0
        var deadlines: [UInt64] = []
        machine.runTimedDevices()
        for _ in drivers where used < limit && !machine.wantsRest {
            let driver = drivers[next]
            next = (next + 1) % drivers.count
            if let tick = driver.sleepDeadline {
                deadlines.append(Timebase.nanoseconds(ofTick: tick) ?? .max)
            } else {
                used += turn(of: driver, in: machine, upTo: limit - used)
            }
        }
        machine.account.withLock { [next, used] in $0 = TurnAccount(debt: used - min(used, limit), next: next) }
        if let device = machine.nextDeviceDeadline { deadlines.append(device) }
        let now = machine.clock.nanoseconds
        return (used, deadlines.filter { $0 != .max }.min().map { $0 > now ? $0 - now : 0 })
    }

    private func turn(of driver: any HartDriver, in machine: Machine, upTo limit: UInt64) -> UInt64 {
        let limit = machine.bounded(limit)
        var used: UInt64 = 0
        while used < limit, !machine.wantsRest {
            driver.acknowledge()
            let before = driver.instructions
            let turn = driver.turn(limit: limit - used)
            let cost = driver.instructions &- before &+ (machine.work?.take() ?? 0)
            clock.advance(byNanoseconds: cost)
            driver.hart.clockAdvanced()
            used += max(cost, 1)
            machine.finish(turn)
            switch turn {
            case .ran, .ended: continue
            case .sleep(let tick): driver.sleepsUntil = tick
            case .stopped: driver.sleepsUntil = .max
            }
            break
        }
        return used
    }

    /// Nobody has run, nobody pays: time skips, or the host waits.
    private func idle(_ members: [Machine], until span: UInt64?) {
        if let span {
            clock.advance(byNanoseconds: span)
        } else {
            for machine in members where machine.configuration.input == .absent && !machine.wantsRest {
                machine.end(.failed("waits for an interrupt that cannot come"))
            }
            guard !members.isEmpty else { return }
            parking.sleep(nanoseconds: Self.idleNanoseconds)
            // An unfinished line, such as a prompt, is shown by this clock.
            clock.advance(byNanoseconds: Self.idleNanoseconds)
        }
    }
}

/// What one machine has used of its turns, kept with it: it goes on there when it is restored elsewhere.
struct TurnAccount {
    /// Used beyond a turn's worth.
    var debt: UInt64 = 0
    /// The hart whose turn is next.
    var next = 0

    /// What is left of a turn once the debt is taken off; nil, and less debt, where it is a whole turn or more.
    mutating func limit(of turn: UInt64) -> UInt64? {
        guard debt >= turn else { return turn - debt }
        debt -= turn
        return nil
    }
}
