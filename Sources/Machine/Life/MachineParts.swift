import Devices
import Hypervisor
import Platform

/// What a machine is made from before it has harts: files read and checked, memory's size, clock and console.
struct MachineParts {
    let configuration: MachineConfiguration
    let image: GuestImage
    let kernel: GuestImage?
    let initrd: FileContents?
    let random: any RandomSource
    let clock: PausableClock
    let console: MachineConsole
    let work: HostWork?
    let roomMade: @Sendable () -> Void

    init(
        _ configuration: MachineConfiguration,
        clock: any MachineClock,
        console: any ConsoleSink,
        roomMade: @escaping @Sendable () -> Void
    ) throws(MachineError) {
        let ram = configuration.ram
        do throws(LoaderError) {
            image = try GuestImage.load(
                path: configuration.imagePath,
                ram: ram,
                rebaseOffset: configuration.profile.rebaseOffset
            )
            kernel = try configuration.kernelPath.map { path throws(LoaderError) in
                try GuestImage.load(path: path, ram: ram)
            }
            initrd = try configuration.initrdPath.map { path throws(LoaderError) in try FileContents.read(path: path) }
        } catch {
            throw .image(error)
        }
        self.configuration = configuration
        self.clock = PausableClock(clock)
        work = clock.followsInstructions ? HostWork() : nil
        self.console = MachineConsole(console, work: work)
        self.roomMade = roomMade
        random = configuration.seed.map { SeededRandomSource(seed: $0) } ?? HostRandomSource()
    }
}

extension MachineProfile {
    /// Firmware adds reserved memory and its own findings to the tree where it lies.
    var deviceTreeRoom: UInt64 {
        switch self {
        case .guest: 0
        case .plain: 64 << 10
        }
    }

    /// Where in RAM a program linked at 0 goes: firmware owns the start.
    var rebaseOffset: UInt64 {
        switch self {
        case .guest: GuestImage.kernelOffset
        case .plain: 0
        }
    }
}
