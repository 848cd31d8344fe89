import Devices
import Glibc
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
    /// Made for the first guest.
    private let frames = Lock<HostMemory?>(nil)

    package init(clock source: ClockSource) {
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
    ///   - observer: told of a guest's traps.
    ///   - measuresTime: whether time in a guest and in the hypervisor is told apart.
    ///   - roomMade: called when console input that was refused would now be taken.
    package func makeMachine(
        _ configuration: MachineConfiguration,
        console: any ConsoleSink,
        observer: (any TrapObserver)? = nil,
        measuresTime: Bool = false,
        roomMade: @escaping @Sendable () -> Void = {}
    ) throws(MachineError) -> Machine {
        scheduler.reap()
        let parts = try MachineParts(configuration, clock: clock, console: console, roomMade: roomMade)
        switch configuration.profile {
        case .plain: return try makePlain(parts)
        case .guest: return try makeGuest(parts, observer: observer, measuresTime: measuresTime)
        }
    }

    private func makePlain(_ parts: MachineParts) throws(MachineError) -> Machine {
        let ram: PhysicalMemory
        do throws(HostMemoryError) {
            ram = try PhysicalMemory(base: MemoryMap.ramBase, size: parts.configuration.memorySize)
        } catch {
            throw .memory(error)
        }
        let profile = PlainProfile(
            parts.configuration,
            image: parts.image,
            ram: ram,
            clock: parts.clock,
            random: parts.random,
            console: parts.console
        )
        return Machine(parts, profile: profile, scheduler: scheduler)
    }

    private func makeGuest(
        _ parts: MachineParts,
        observer: (any TrapObserver)?,
        measuresTime: Bool
    ) throws(MachineError) -> Machine {
        let configuration = parts.configuration
        let memory = try guestMemory()
        guard let vmid = vmids.allocate() else { throw .tooManyGuests(machine: configuration.name) }
        let addressSpace: GuestAddressSpace
        do throws(OutOfHostFrames) {
            addressSpace = try GuestAddressSpace(ram: configuration.ram, vmid: vmid.value, host: memory)
        } catch {
            throw .frames(error, machine: configuration.name)
        }
        let guest = Guest(
            name: configuration.name,
            isa: configuration.isa,
            hartCount: configuration.hartCount,
            pagingLimit: configuration.pagingLimit,
            addressSpace: addressSpace,
            vmid: vmid,
            memory: memory.memory,
            clock: parts.clock,
            observer: observer,
            measuresTime: measuresTime,
            work: parts.work
        )
        let machine = Machine(parts, profile: GuestProfile(guest), scheduler: scheduler)
        guest.connect(to: machine)
        return machine
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

    /// Address space for as many frames as the host has memory for; frames cost memory once they are touched.
    private func guestMemory() throws(MachineError) -> HostMemory {
        do throws(HostMemoryError) {
            return try frames.withLock { frames throws(HostMemoryError) in
                if let frames { return frames }
                let memory = try HostMemory(size: Self.hostBytes)
                frames = memory
                return memory
            }
        } catch {
            throw .memory(error)
        }
    }

    private static var hostBytes: UInt64 {
        UInt64(max(1, sysconf(Int32(_SC_PHYS_PAGES)))) &* UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }
}
