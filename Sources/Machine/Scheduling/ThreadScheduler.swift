import Hypervisor
import Platform
import Synchronization

/// Runs every hart on a thread of its own, in the host's time.
final class ThreadScheduler: Scheduler {
    /// The threads of one machine, which hold it for as long as they need it.
    private struct Crew: Sendable {
        let over: OverFlag
        var threads: [HostThread] = []
    }

    private let crews = Lock<[Crew]>([])

    deinit {
        for crew in crews.withLock({ $0 }) { crew.threads.forEach { $0.join() } }
    }

    func add(_ machines: [Machine]) throws(HostThreadError) {
        for machine in machines {
            var crew = Crew(over: machine.over)
            defer { crews.withLock { [crew] in $0.append(crew) } }
            let harts = machine.drivers.indices
            machine.attach(threads: harts.count)
            for hart in harts {
                do throws(HostThreadError) {
                    crew.threads.append(try HostThread { Self.drive(machine, hart: hart) })
                } catch {
                    for _ in hart..<harts.upperBound { machine.detach() }
                    throw error
                }
            }
        }
    }

    func reap() {
        let ended = crews.withLock { crews in
            let index = crews.partition { $0.over.isSet.load(ordering: .acquiring) }
            defer { crews.removeSubrange(index...) }
            return crews[index...].flatMap(\.threads)
        }
        for thread in ended { thread.join() }
    }

    private static func drive(_ machine: Machine, hart: Int) {
        let driver = machine.drivers[hart]
        defer { machine.detach() }
        while true {
            switch machine.enter() {
            case .never: return
            case .later: driver.parking.sleep(nanoseconds: nil)
            case .granted:
                let turn = turns(of: driver, hart, in: machine)
                machine.leave()
                // At rest: whoever reads the output may take his time.
                machine.console.flush()
                switch turn {
                case .ran, .ended: break
                case .sleep(let tick): sleep(driver, hart, untilTick: tick, in: machine)
                case .stopped: sleep(driver, hart, untilTick: nil, in: machine)
                }
            }
        }
    }

    /// How long a hart runs before the part of a line that it wrote is shown: some tens of microseconds.
    private static let patience: UInt64 = 10_000

    /// Runs the hart until there is something else to do.
    private static func turns(of driver: any HartDriver, _ hart: Int, in machine: Machine) -> Turn {
        let start = driver.instructions
        while true {
            driver.acknowledge()
            if machine.wantsRest { return .ran }
            if hart == 0 { machine.runTimedDevices() }
            let turn = driver.turn(limit: machine.turnLimit)
            machine.finish(turn)
            if turn != .ran || machine.console.isDue { return turn }
            if machine.console.hasOutput, driver.instructions &- start > Self.patience { return turn }
        }
    }

    /// The first hart's thread also wakes for the devices.
    private static func sleep(_ driver: any HartDriver, _ hart: Int, untilTick tick: UInt64?, in machine: Machine) {
        let deadlines = [tick.flatMap(Timebase.nanoseconds(ofTick:)), hart == 0 ? machine.nextDeviceDeadline : nil]
        let now = machine.clock.nanoseconds
        driver.parking.sleep(nanoseconds: deadlines.compactMap { $0 }.min().map { $0 > now ? $0 - now : 0 })
    }
}
