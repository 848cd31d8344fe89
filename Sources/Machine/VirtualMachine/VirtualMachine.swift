import Devices
import Hypervisor
import Platform
import RV64Core
import Synchronization

/// A guest: its address space, harts, devices and the thread of its life.
///
/// `run` blocks until the guest has ended; everything else may be called from any thread meanwhile.
public final class VirtualMachine: @unchecked Sendable {
    // @unchecked: `harts` and `board` change only in `boot`, when no vCPU runs, and only vCPUs read them; others read
    // `life`. The rest is atomic, behind a lock, or immutable.

    /// What the guest was asked to be.
    public let configuration: VirtualMachineConfiguration
    package let input: GuestConsoleInput
    package let clock: any MachineClock
    let console: any ConsoleSink
    package let observer: (any TrapObserver)?
    package let measuresTime: Bool
    package let decoder: Decoder

    private let host: FrameAllocator
    private let watch: HostMemoryWatch
    let image: GuestImage
    private let initrd: FileContents?
    private let vmid: UInt64
    private let random: any RandomSource
    private let life = Lock(Life())
    private let isStopping = Atomic<Bool>(false)
    /// What was counted before the last reset.
    private var past = VCPUCounters()
    private let wallNanoseconds = Atomic<UInt64>(0)

    /// What other threads may ask of the guest while it runs, or boots again.
    private struct Life {
        var harts: [VirtualCPU] = []
        /// Why the guest stops; nil while it does not.
        var reason: StopReason?
        /// Instructions retired before the last reset.
        var pastInstructions: UInt64 = 0
    }

    package let hartStates: HartStateMachine
    package private(set) var harts: [VirtualCPU] = []
    private var board: Board?
    private let addressSpace: GuestAddressSpace
    /// The machine's `time` when the guest was booted: its own time starts at zero there.
    package private(set) var timeOrigin: UInt64 = 0
    /// The device tree as the guest got it.
    public private(set) var deviceTree: [UInt8] = []

    /// Reads and checks everything the guest needs, and loads it.
    ///
    /// `vmid` is distinct for each guest of a host; `roomMade` is called when console input that was refused would
    /// now be taken.
    init(
        _ configuration: VirtualMachineConfiguration,
        vmid: UInt64,
        host: FrameAllocator,
        watch: HostMemoryWatch,
        clock: any MachineClock,
        console: any ConsoleSink,
        observer: (any TrapObserver)?,
        measuresTime: Bool,
        roomMade: @escaping @Sendable () -> Void
    ) throws(VirtualMachineError) {
        self.configuration = configuration
        self.vmid = vmid
        self.host = host
        self.watch = watch
        self.clock = clock
        self.console = console
        self.observer = observer
        self.measuresTime = measuresTime
        decoder = Decoder(extensions: configuration.isa.extensions)
        input = GuestConsoleInput(roomMade: roomMade)
        hartStates = HartStateMachine(hartCount: configuration.hartCount)
        random = configuration.seed.map { SeededRandomSource(seed: $0 &+ vmid) } ?? HostRandomSource()
        do throws(LoaderError) {
            image = try GuestImage.load(
                path: configuration.imagePath,
                ram: MemoryMap.ram(size: configuration.memorySize)
            )
            initrd = try configuration.initrdPath.map { path throws(LoaderError) in
                try FileContents.read(path: path, .asNeeded)
            }
        } catch {
            throw .image(error)
        }
        do throws(HostMemoryError) {
            try host.limits.requireAddresses(forHarts: configuration.hartCount)
        } catch {
            throw .memory(error)
        }
        do throws(OutOfHostFrames) {
            let ram = MemoryMap.ram(size: configuration.memorySize)
            addressSpace = try GuestAddressSpace(ram: ram, vmid: vmid, host: host)
        } catch {
            throw .frames(error, guest: configuration.name)
        }
        try boot()
    }

    // MARK: - Boot

    /// Empties RAM, makes a fresh board and harts, and loads the program: power-on.
    private func boot() throws(VirtualMachineError) {
        addressSpace.clear()
        let layout = try load()
        timeOrigin = clock.ticks
        hartStates.reset()
        harts = (0..<configuration.hartCount).map { index in
            let hart = Hart(
                configuration: HartConfiguration(
                    id: UInt64(index),
                    extensions: configuration.isa.extensions.union(GuestState.ownExtensions),
                    hostedModes: .virtualized,
                    pagingLimit: configuration.pagingLimit
                ),
                memory: host.memory,
                bus: Bus(),
                clock: clock
            )
            return VirtualCPU(index: index, hart: hart, machine: self, addressSpace: addressSpace)
        }
        let lines = harts.map { InterruptLine(to: ExternalInterruptSink($0), source: 0) }
        let board = Board(
            contextLines: lines,
            console: console,
            power: self,
            random: random,
            memory: addressSpace,
            clock: clock
        )
        input.connect(board.uart)
        self.board = board
        harts[0].enter(
            at: HartEntry(address: GuestPhysicalAddress(image.entry), opaque: layout.deviceTreeAddress)
        )
        life.withLock { [harts] in $0.harts = harts }
    }

    /// Copies program, initrd and device tree into the guest's RAM.
    private func load() throws(VirtualMachineError) -> BootLayout {
        var seed = [UInt8](repeating: 0, count: 64)
        seed.withUnsafeMutableBytes { random.fill($0) }
        let layout: BootLayout
        do throws(DeviceTreeError) {
            layout = try BootLayout.make(
                deviceTreeConfiguration(rngSeed: seed),
                occupied: image.occupied,
                initrdSize: UInt64(initrd?.count ?? 0)
            )
        } catch {
            throw .deviceTree(error, guest: configuration.name)
        }
        deviceTree = layout.deviceTree
        let changed: String?
        do throws(OutOfHostFrames) {
            changed = try copyFiles(layout)
        } catch {
            throw .frames(error, guest: configuration.name)
        }
        if let changed { throw .changed(changed) }
        return layout
    }

    /// - Returns: the path of a file that has become shorter, if one has.
    private func copyFiles(_ layout: BootLayout) throws(OutOfHostFrames) -> String? {
        guard try image.copy(into: addressSpace) else { return configuration.imagePath }
        if let initrd, let place = layout.initrd, try !initrd.copy(to: place.lowerBound, in: addressSpace) {
            return configuration.initrdPath
        }
        _ = try FileContents(layout.deviceTree).copy(to: layout.deviceTreeAddress, in: addressSpace)
        return nil
    }

    private func deviceTreeConfiguration(rngSeed: [UInt8]) -> DeviceTreeConfiguration {
        DeviceTreeConfiguration(
            hartCount: configuration.hartCount,
            memory: MemoryMap.ram(size: configuration.memorySize),
            isa: DeviceTreeConfiguration.ISA(configuration.isa.limited(to: configuration.pagingLimit)),
            addressTranslation: configuration.pagingLimit.addressTranslation,
            bootArguments: configuration.commandLine,
            initrd: image.embeddedInitrd,
            rngSeed: rngSeed
        )
    }

    // MARK: - Life

    /// Runs the guest on a thread per hart until it has ended. A reset boots it again.
    public func run() -> StopReason { watched { runUntilEnded() } }

    /// Runs the guest under the eyes of the watch over the host's memory.
    func watched(_ run: () -> StopReason) -> StopReason { watch.watching(self, run) }

    private func runUntilEnded() -> StopReason {
        let start = clock.nanoseconds
        while true {
            runUntilStopped()
            if let reason = finishStop() {
                wallNanoseconds.store(clock.nanoseconds &- start, ordering: .relaxed)
                return reason
            }
        }
    }

    private func runUntilStopped() {
        var threads: [HostThread] = []
        for hart in harts.dropFirst() {
            do throws(HostThreadError) {
                threads.append(try HostThread { [self] in runHart(hart) })
            } catch {
                stop(.failed(error.description))
                break
            }
        }
        runHart(harts[0])
        for thread in threads { thread.join() }
    }

    private func runHart(_ hart: VirtualCPU) {
        while !isStopping.load(ordering: .relaxed) {
            if hart.index == 0 { runTimedDevices() }
            switch hart.step(limit: Self.turnLimit) {
            case .ran: break
            case .sleep(let tick): sleep(hart, untilTick: tick)
            case .stopped: sleep(hart, untilTick: nil)
            }
        }
    }

    private func sleep(_ hart: VirtualCPU, untilTick tick: UInt64?) {
        hart.sleep(untilTick: tick, deviceDeadline: hart.index == 0 ? nextDeviceDeadline : nil)
    }

    /// Instructions between two looks at device timers: some 20 milliseconds.
    private static let turnLimit: UInt64 = 8_000_000

    package func stop(_ reason: StopReason) {
        life.withLock { life in
            if life.reason == nil || life.reason == .reset { life.reason = reason }
            isStopping.store(true, ordering: .sequentiallyConsistent)
            for hart in life.harts { hart.wake() }
        }
    }

    var isStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// The reason a stopped guest gave, or nil after a reset that booted it again. No hart runs.
    func finishStop() -> StopReason? {
        let reason = life.withLock { life -> StopReason? in
            guard life.reason == .reset else { return life.reason ?? .requested }
            life.reason = nil
            isStopping.store(false, ordering: .sequentiallyConsistent)
            return nil
        }
        if let reason {
            addressSpace.close()
            return reason
        }
        collect()
        do throws(VirtualMachineError) {
            try boot()
            return nil
        } catch {
            return .failed(error.description)
        }
    }

    /// With no hart left that could start another, the guest has ended.
    package func hartStopped() {
        if hartStates.areAllStopped {
            stop(.failed("every hart has stopped itself, and none is left to start another"))
        }
    }

    // MARK: - Devices

    package var entropy: UInt16 { random.bits }

    package var bus: Bus { board?.bus ?? Bus() }

    package func deviceName(at address: UInt64) -> String { board?.name(at: address) ?? hex(address) }

    /// The next device timer, in clock nanoseconds.
    var nextDeviceDeadline: UInt64? { board?.timedDevices.compactMap(\.nextDeadline).min() }

    func runTimedDevices() {
        guard let deadline = nextDeviceDeadline, deadline <= clock.nanoseconds else { return }
        board?.timedDevices.forEach { $0.timePassed() }
    }

    /// A device's timer may have moved: hart 0, which serves them, computes its sleep anew.
    package func deviceAccessed(by hart: VirtualCPU) {
        if hart.index != 0, nextDeviceDeadline != nil { harts[0].wake() }
    }

    // MARK: - Reports

    package func symbol(at address: UInt64) -> TrapTraceRecord.SymbolOffset? {
        image.symbol(at: address).map { TrapTraceRecord.SymbolOffset(symbol: $0.name, offset: $0.offset) }
    }

    /// Instructions retired by all harts so far.
    public var instructions: UInt64 {
        life.withLock { $0.harts.reduce($0.pastInstructions) { $0 &+ $1.instructions.load(ordering: .relaxed) } }
    }

    /// Bytes of RAM with host frames behind them.
    public var residentBytes: UInt64 { addressSpace.residentBytes }

    /// Keeps what the harts of this life have counted, and lets go of them.
    private func collect() {
        for hart in harts { past.merge(hart.counters) }
        life.withLock { life in
            for hart in life.harts { life.pastInstructions &+= hart.instructions.load(ordering: .relaxed) }
            life.harts = []
        }
        harts = []
    }

    /// The scheduler that runs the guest says how long it took.
    func ran(forNanoseconds duration: UInt64) { wallNanoseconds.store(duration, ordering: .relaxed) }

    /// What the guest cost. Complete once `run` has returned, and not before.
    public var statistics: GuestStatistics {
        var counters = past
        for hart in harts { counters.merge(hart.counters) }
        let exits = counters.exits.sorted { ($1.tally.count, $0.cause) < ($0.tally.count, $1.cause) }
        let calls = counters.calls.sorted { ($1.value, $0.key.name) < ($0.value, $1.key.name) }
        return GuestStatistics(
            name: configuration.name,
            harts: configuration.hartCount,
            wallSeconds: Double(wallNanoseconds.load(ordering: .relaxed)) / 1e9,
            instructions: instructions,
            secondsInGuest: Double(counters.guestNanoseconds) / 1e9,
            secondsInHypervisor: Double(counters.hypervisorNanoseconds) / 1e9,
            exits: exits.map {
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

extension VirtualMachine: GuestMachine {
    package var name: String { configuration.name }
    package var offered: ExtensionSet { configuration.isa.extensions }

    package func writeConsole(_ bytes: [UInt8]) { bytes.withUnsafeBytes { console.write($0) } }

    package func readConsole(maximum: Int) -> [UInt8] { input.take(maximum) }
}

extension VirtualMachine: PowerSink {
    package func powerOff(code: Int) { stop(code == 0 ? .shutDown : .guestFailure(code: code)) }
    package func reset() { stop(.reset) }
}

extension VirtualMachine: WatchedMemory {
    package var filledBytes: UInt64 { addressSpace.filledBytes }
    package func memoryUsedUp(_ report: String) { stop(.failed(report)) }
}

/// One PLIC context's output: the external interrupt of one hart.
private final class ExternalInterruptSink: InterruptSink {
    // Strong: input for the UART may arrive while the guest boots again, on a board whose harts are gone.
    private let hart: VirtualCPU

    init(_ hart: VirtualCPU) { self.hart = hart }

    func setLevel(_ isAsserted: Bool, source: UInt32) { hart.setExternalInterrupt(isAsserted) }
}

extension PagingLimit {
    /// What the device tree says of it.
    var addressTranslation: DeviceTreeConfiguration.AddressTranslation {
        switch self {
        case .sv39: .sv39
        case .sv48: .sv48
        case .sv57: .sv57
        }
    }
}
