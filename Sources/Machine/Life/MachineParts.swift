import Devices
import Hypervisor
import Platform

/// What a machine is made from before it has harts: files read and checked, memory's size, clock and console.
struct MachineParts {
    let configuration: MachineConfiguration
    let image: GuestImage
    let kernel: GuestImage?
    let binaries: [RawBinary]
    let initrd: FileContents?
    /// A plain machine's own memory.
    let physicalMemory: PhysicalMemory?
    let power = PowerButton()
    let random: any RandomSource
    let clock: PausableClock
    let console: MachineConsole
    let work: HostWork?
    let observers: Observers?
    let roomMade: @Sendable () -> Void

    init(
        _ configuration: MachineConfiguration,
        clock: any MachineClock,
        console: any ConsoleSink,
        observers: [any Observer],
        roomMade: @escaping @Sendable () -> Void
    ) throws(MachineError) {
        switch configuration.profile {
        case .guest:
            do throws(LoaderError) {
                image = try GuestImage.load(path: configuration.imagePath, ram: configuration.ram)
            } catch {
                throw .image(error)
            }
            (kernel, binaries, physicalMemory) = (nil, [], nil)
        case .plain:
            let plain = try PlainMemory(size: configuration.memorySize, further: configuration.furtherRAM)
            let programs = try PlainPrograms(configuration, memory: plain)
            (image, kernel, binaries) = (programs.image, programs.kernel, programs.binaries)
            physicalMemory = try plain.make(
                mailboxes: image.mailboxMemory + (kernel?.mailboxMemory ?? []),
                of: configuration.imagePath,
                harts: configuration.hartCount
            )
        }
        do throws(LoaderError) {
            initrd = try configuration.initrdPath.map { path throws(LoaderError) in
                try FileContents.read(path: path, .asNeeded)
            }
        } catch {
            throw .image(error)
        }
        self.configuration = configuration
        self.clock = PausableClock(clock)
        work = clock.followsInstructions ? HostWork() : nil
        self.console = MachineConsole(console, work: work)
        self.observers = Observers(observers)
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
}
