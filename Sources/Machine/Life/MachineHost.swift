import Devices
import Hypervisor
import Platform
import RV64Core

/// What machines share: memory for guests, their VMIDs, the clock, and the scheduler that runs them.
///
/// Machines come and go while others run.
public final class MachineHost: Sendable {
    /// How time passes.
    package enum ClockSource: Sendable {
        /// As on the host; each hart has a thread of its own.
        case host
        /// With retired instructions, on one thread: two runs with the same input are equal.
        case instructions
    }

    package let clock: any MachineClock
    private let scheduler: any Scheduler
    private let vmids = VMIDPool()
    private let frames: FrameAllocator
    private let watch: HostMemoryWatch

    /// - Throws: `MachineError` when the host gives not even addresses.
    package init(clock source: ClockSource) throws(MachineError) {
        do throws(HostMemoryError) {
            frames = try FrameAllocator()
        } catch {
            throw .memory(error)
        }
        watch = HostMemoryWatch(limits: frames.limits)
        switch source {
        case .host:
            clock = HostClock()
            scheduler = ThreadScheduler()
        case .instructions:
            let instructions = InstructionClock()
            clock = instructions
            scheduler = InstructionScheduler(clock: instructions)
        }
    }

    deinit { scheduler.reap() }

    /// Makes a machine: files are read and checked, and nothing runs yet.
    ///
    /// - Parameters:
    ///   - configuration: what it is to be.
    ///   - console: takes what it writes.
    ///   - observers: told of what it does.
    ///   - measuresTime: whether time in a guest and in the hypervisor is told apart.
    ///   - roomMade: called when console input that was refused would now be taken.
    /// - Returns: a machine in the state created.
    /// - Throws: `MachineError`: what was wrong with what.
    package func makeMachine(
        _ configuration: MachineConfiguration,
        console: any ConsoleSink,
        observers: [any Observer] = [],
        measuresTime: Bool = false,
        roomMade: @escaping @Sendable () -> Void = {}
    ) throws(MachineError) -> Machine {
        scheduler.reap()
        guard configuration.engine != .lockstep || clock.followsInstructions else {
            throw .lockstepInHostTime(machine: configuration.name)
        }
        guard configuration.engine.hasRoom(harts: configuration.hartCount) else {
            throw .noRoomToTranslate(machine: configuration.name)
        }
        let parts = try MachineParts(
            configuration,
            clock: clock,
            console: console,
            observers: observers,
            roomMade: roomMade
        )
        let profile: any Profile
        if let memory = parts.physicalMemory {
            profile = PlainProfile(parts, ram: memory)
        } else {
            profile = GuestProfile(try makeGuest(parts, measuresTime: measuresTime))
        }
        let machine = Machine(parts, profile: profile, scheduler: scheduler, watch: watch)
        (profile as? GuestProfile)?.guest.connect(to: machine)
        return machine
    }

    private func makeGuest(_ parts: MachineParts, measuresTime: Bool) throws(MachineError) -> Guest {
        let configuration = parts.configuration
        do throws(HostMemoryError) {
            try frames.limits.requireAddresses(forHarts: configuration.hartCount)
        } catch {
            throw .memory(error)
        }
        guard let vmid = vmids.allocate() else { throw .tooManyGuests(machine: configuration.name) }
        let addressSpace: GuestAddressSpace
        do throws(OutOfHostFrames) {
            addressSpace = try GuestAddressSpace(ram: configuration.ram, vmid: vmid.value, host: frames)
        } catch {
            throw .frames(error, machine: configuration.name)
        }
        return Guest(
            name: configuration.name,
            isa: configuration.isa,
            hartCount: configuration.hartCount,
            pagingLimit: configuration.pagingLimit,
            addressSpace: addressSpace,
            vmid: vmid,
            memory: frames.memory,
            clock: parts.clock,
            observers: parts.observers,
            measuresTime: measuresTime,
            work: parts.work,
            makeEngine: configuration.engine.make
        )
    }

    /// Powers machines on, and lets them run together from their first instruction.
    ///
    /// - Throws: `MachineError` for the first that cannot be loaded; none of them runs then.
    package func start(_ machines: [Machine]) throws(MachineError) {
        for machine in machines { try machine.boot() }
        for machine in machines { machine.release() }
        do throws(HostThreadError) {
            try scheduler.add(machines)
        } catch {
            for machine in machines { machine.end(.failed(error.description)) }
        }
    }
}
