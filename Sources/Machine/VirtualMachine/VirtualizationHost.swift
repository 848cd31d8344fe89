import Devices
import Hypervisor
import Platform
import RV64Core

/// The machine that all guests share: its memory and its clock.
public final class VirtualizationHost: Sendable {
    /// How time passes.
    package enum ClockSource: Sendable {
        /// As on the host.
        case host
        /// With retired instructions: two runs with the same input are equal.
        case instructions
    }

    let memory: FrameAllocator
    let watch: HostMemoryWatch
    package let clock: any MachineClock
    private let count = Lock<UInt64>(0)

    /// Guests may be made as long as the host has memory for them.
    package init(clock: ClockSource) throws(VirtualMachineError) {
        do throws(HostMemoryError) {
            memory = try FrameAllocator()
        } catch {
            throw .memory(error)
        }
        watch = HostMemoryWatch(limits: memory.limits)
        switch clock {
        case .host: self.clock = HostClock()
        case .instructions: self.clock = InstructionClock()
        }
    }

    /// Makes a guest, loaded and ready to run.
    package func makeMachine(
        _ configuration: VirtualMachineConfiguration,
        console: any ConsoleSink,
        observer: (any TrapObserver)? = nil,
        measuresTime: Bool = false,
        roomMade: @escaping @Sendable () -> Void = {}
    ) throws(VirtualMachineError) -> VirtualMachine {
        let vmid = count.withLock { count in
            count += 1
            return count
        }
        return try VirtualMachine(
            configuration,
            vmid: vmid,
            host: memory,
            watch: watch,
            clock: clock,
            console: console,
            observer: observer,
            measuresTime: measuresTime,
            roomMade: roomMade
        )
    }

    /// Runs guests on one thread by counted instructions; nil where time is the host's.
    ///
    /// `input` is the whole console input of the first guest.
    package func makeScheduler(_ machines: [VirtualMachine], input: [UInt8]) -> InstructionScheduler? {
        (clock as? InstructionClock).map { InstructionScheduler(machines, clock: $0, input: input) }
    }
}
