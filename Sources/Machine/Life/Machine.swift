import Devices
import Hypervisor
import Platform
import RV64Core
import Synchronization

/// A machine: harts, RAM and a board, as a guest or plain.
///
/// Making one is apart from powering it on: one that was only made has memory, harts and devices, and nothing in them.
/// Everything may be called from any thread.
public final class Machine: @unchecked Sendable {
    // @unchecked: `board` changes only in `powerOn`, when no hart runs, and only harts' threads read it. The rest is
    // atomic, behind a lock, or immutable.

    /// What the machine was asked to be.
    public let configuration: MachineConfiguration
    package let input: GuestConsoleInput
    package let clock: PausableClock
    package let image: GuestImage
    let console: MachineConsole
    /// What the host does for the machine, where a scheduler counts it.
    let work: HostWork?
    let life = Lock(MachineLife())
    let attention = Atomic<Bool>(true)
    let over = OverFlag()
    let scheduler: any Scheduler
    let profile: any Profile
    private let kernel: GuestImage?
    private let binaries: [RawBinary]
    private let initrd: FileContents?
    let random: any RandomSource
    private let power: PowerButton
    let watch: HostMemoryWatch
    @exclusivity(unchecked) private(set) var board: Board?
    let tree = Lock<[UInt8]>([])
    /// Its turns, where a scheduler runs one after the other.
    let account = Lock(TurnAccount())
    /// The machine pauses once its harts have retired so many instructions.
    let pauseTarget = Atomic<UInt64>(.max)
    /// Nanoseconds that the machine has run before its last reset.
    let pastNanoseconds = Atomic<UInt64>(0)

    /// Resets after which a machine with an instruction limit counts as lost.
    static let resetLimit = 100

    init(_ parts: MachineParts, profile: any Profile, scheduler: any Scheduler, watch: HostMemoryWatch) {
        configuration = parts.configuration
        image = parts.image
        kernel = parts.kernel
        binaries = parts.binaries
        initrd = parts.initrd
        random = parts.random
        power = parts.power
        clock = parts.clock
        console = parts.console
        work = parts.work
        input = GuestConsoleInput(roomMade: parts.roomMade)
        self.profile = profile
        self.scheduler = scheduler
        self.watch = watch
        power.connect(to: self)
        parts.observers?.connect(to: self)
        board = makeBoard()
    }

    /// Harts and devices hold each other.
    deinit { profile.connect(Bus()) }

    package var name: String { configuration.name }
    package var nanoseconds: UInt64 { clock.nanoseconds }

    // MARK: - Power-on

    /// Empties RAM, makes a fresh board, loads the program and resets the harts. Nobody is active.
    func powerOn() throws(MachineError) {
        profile.clearMemory()
        let start = try load()
        pastNanoseconds.wrappingAdd(clock.nanoseconds, ordering: .relaxed)
        clock.restart()
        board = makeBoard()
        profile.reset(start)
    }

    private func makeBoard() -> Board {
        let board = Board(
            contextLines: profile.contextLines,
            console: console,
            power: power,
            random: random,
            memory: work.map { MeteredMemory(profile.memory, work: $0) } ?? profile.memory,
            clock: clock,
            hartTimers: profile.hartTimers,
            additional: profile.makeMailbox(console: console, power: power).map { [$0] } ?? []
        )
        input.connect(board.uart)
        profile.connect(board.bus)
        return board
    }

    /// Copies programs, initrd and device tree into RAM.
    private func load() throws(MachineError) -> Start {
        let layout: BootLayout
        var firmware: FirmwareInformation?
        let occupied = (image.occupied + (kernel?.occupied ?? []) + binaries.map(\.range))
            .filter { $0.overlaps(configuration.ram) }
        do throws(DeviceTreeError) {
            layout = try BootLayout.make(
                deviceTreeConfiguration,
                occupied: occupied,
                kernel: kernel?.lowestAddress,
                initrdSize: UInt64(initrd?.count ?? 0),
                treeRoom: configuration.profile.deviceTreeRoom
            )
            if let kernel {
                firmware = try FirmwareInformation(
                    kernelEntry: kernel.entry,
                    in: configuration.ram,
                    beside: layout,
                    occupied: occupied
                )
            }
        } catch {
            throw .deviceTree(error, machine: name)
        }
        tree.withLock { $0 = layout.deviceTree }
        let changed: String?
        do throws(OutOfHostFrames) {
            changed = try copyFiles(layout, firmware)
        } catch {
            throw .frames(error, machine: name)
        }
        if let changed { throw .changed(changed) }
        return Start(
            entry: image.entry,
            deviceTree: layout.deviceTreeAddress,
            firmwareInformation: firmware?.address
        )
    }

    /// - Returns: the path of a file that has become shorter, if one has.
    private func copyFiles(_ layout: BootLayout, _ firmware: FirmwareInformation?) throws(OutOfHostFrames) -> String? {
        let memory = profile.memory
        guard try image.copy(into: memory) else { return configuration.imagePath }
        if let kernel, try !kernel.copy(into: memory) { return configuration.kernelPath }
        for (binary, asked) in zip(binaries, configuration.binaries) {
            guard try binary.file.copy(to: binary.range.lowerBound, in: memory) else { return asked.path }
        }
        if let initrd, let place = layout.initrd, try !initrd.copy(to: place.lowerBound, in: memory) {
            return configuration.initrdPath
        }
        _ = try FileContents(layout.deviceTree).copy(to: layout.deviceTreeAddress, in: memory)
        if let firmware { _ = try FileContents(firmware.bytes).copy(to: firmware.address, in: memory) }
        return nil
    }

    private var deviceTreeConfiguration: DeviceTreeConfiguration {
        var seed = [UInt8](repeating: 0, count: 64)
        seed.withUnsafeMutableBytes { random.fill($0) }
        var tree = DeviceTreeConfiguration(
            hartCount: configuration.hartCount,
            memory: configuration.ram,
            isa: DeviceTreeConfiguration.ISA(configuration.isa.limited(to: configuration.pagingLimit)),
            addressTranslation: configuration.pagingLimit.addressTranslation,
            interruptModes: profile.interruptModes,
            bootArguments: configuration.commandLine,
            initrd: kernel?.embeddedInitrd ?? image.embeddedInitrd,
            rngSeed: seed
        )
        tree.furtherMemory = configuration.furtherRAM
        return tree
    }

    /// The device tree as the program got it; empty before it was powered on.
    public var deviceTree: [UInt8] { tree.withLock { $0 } }

    // MARK: - For schedulers

    package var drivers: [any HartDriver] { profile.drivers }

    /// How many instructions a turn has.
    var turnLimit: UInt64 { bounded(profile.turnNanoseconds / 1000 * HostSpeed.instructionsPerMicrosecond) }

    /// A turn's length, if that does not lead beyond where the machine pauses.
    func bounded(_ turn: UInt64) -> UInt64 {
        let target = pauseTarget.load(ordering: .relaxed)
        guard target != .max else { return turn }
        let now = instructions
        return min(turn, target > now ? target - now : 1)
    }

    /// What a turn means for the machine.
    func finish(_ turn: Turn) {
        if case .ended(let reason) = turn { end(reason) }
        pauseAtTarget()
        guard let limit = configuration.instructionLimit, instructions >= limit else { return }
        // One that resets itself for ever is told so.
        if !life.withLock({ $0.wantsReset }) { end(.instructionLimit) }
    }

    /// When a device next has something to do, in the clock's nanoseconds.
    var nextDeviceDeadline: UInt64? {
        guard let board else { return nil }
        var first: UInt64?
        for device in board.timedDevices {
            if let deadline = device.nextDeadline { first = min(first ?? deadline, deadline) }
        }
        return first
    }

    func runTimedDevices() {
        guard let deadline = nextDeviceDeadline, deadline <= clock.nanoseconds else { return }
        board?.timedDevices.forEach { $0.timePassed() }
    }

    // MARK: - What vCPUs ask

    package func deviceName(at address: UInt64) -> String { board?.name(at: address) ?? hex(address) }

    /// The first hart's thread serves devices' timers: it computes its sleep anew.
    package func deviceAccessed() {
        if nextDeviceDeadline != nil { drivers.first?.wake() }
    }

    package func isAwaited(byHart hart: Int, after access: UInt64?) -> Bool {
        if console.hasOutput || wantsRest { return true }
        // The first hart's thread serves devices' timers.
        guard hart == 0, let access, let board else { return false }
        return board.isTimed(access) && nextDeviceDeadline != nil
    }

    package var entropy: UInt16 { random.bits }

    package func writeConsole(_ bytes: [UInt8]) { bytes.withUnsafeBytes { console.write($0) } }

    package func readConsole(maximum: Int) -> [UInt8] { input.take(maximum) }

    package func symbol(at address: UInt64) -> SymbolOffset? {
        let found = image.symbol(at: address) ?? kernel?.symbol(at: address)
        return found.map { SymbolOffset(symbol: $0.name, offset: $0.offset) }
    }

    /// A program's own guest has the program's symbols only where it is part of that program.
    package func symbol(of sample: HartSample) -> SymbolOffset? {
        guard sample.mode.isVirtual, configuration.profile == .plain else { return symbol(at: sample.pc) }
        return sample.guestCode.flatMap { symbol(at: $0) }
    }

    // MARK: - Reports

    /// Instructions retired by all harts so far.
    public var instructions: UInt64 { drivers.reduce(0) { $0 &+ $1.instructions } }

    /// Bytes of RAM with host memory behind them.
    public var residentBytes: UInt64 { profile.residentBytes }

    /// RAM, as a device reaches it.
    package var memory: any GuestMemoryAccess { profile.memory }

    /// What the machine cost. Complete once it has ended, and not before.
    public var statistics: GuestStatistics {
        var counters = VCPUCounters()
        for case let vcpu as VirtualCPU in drivers { counters.merge(vcpu.counters) }
        let calls = counters.calls.sorted { ($1.value, $0.key.name) < ($0.value, $1.key.name) }
        return GuestStatistics(
            name: name,
            harts: configuration.hartCount,
            wallSeconds: Double(pastNanoseconds.load(ordering: .relaxed) &+ clock.nanoseconds) / 1e9,
            instructions: instructions,
            secondsInGuest: Double(counters.guestNanoseconds) / 1e9,
            secondsInHypervisor: Double(counters.hypervisorNanoseconds) / 1e9,
            exits: counters.exits.sorted { ($1.tally.count, $0.cause) < ($0.tally.count, $1.cause) }.map {
                GuestStatistics.ExitCount(
                    cause: $0.cause,
                    count: $0.tally.count,
                    seconds: Double($0.tally.nanoseconds) / 1e9
                )
            },
            sbiCalls: calls.map { GuestStatistics.CallCount(name: $0.key.name, count: $0.value) },
            unknownSBICalls: calls.reduce(0) { $0 &+ ($1.key.isImplemented ? 0 : $1.value) }
        )
    }
}

/// How fast a hart is taken to be where a time has to become a number of instructions: what differs is how soon it looks
/// at what it is asked, never what it does.
private enum HostSpeed {
    static let instructionsPerMicrosecond: UInt64 = 400
}
