import Devices
import Hypervisor
import Platform
import RV64Core
import Synchronization

/// A plain machine: harts that start in M-mode, RAM and the board's devices. All software is the program's own.
public final class BareMachine: @unchecked Sendable {
    // @unchecked: `harts` and `board` change only in `assemble`, when no hart runs; the rest is atomic or locked.

    /// What the machine was asked to be.
    public let configuration: BareMachineConfiguration
    package let input: GuestConsoleInput
    package let memory: PhysicalMemory
    private let clock: any MachineClock
    private let console: any ConsoleSink
    private let programs: PlainPrograms
    private let initrd: FileContents?
    private let random: any RandomSource
    private var htif: HostTargetInterface?
    private let outcome = Lock<Ending?>(nil)
    private let isStopping = Atomic<Bool>(false)
    private let retired = Atomic<UInt64>(0)

    private(set) var harts: [BareHart] = []
    private var board: Board?
    /// The flattened device tree as the program got it.
    public private(set) var deviceTree: [UInt8] = []

    package var image: GuestImage { programs.image }

    private enum Ending {
        case outcome(BareMachineOutcome)
        case reset
    }

    /// Instructions between two looks at an undecided HTIF command and the instruction limit, where there is one, or
    /// between two harts on one thread; otherwise between two looks at device timers.
    private var turnLimit: UInt64 {
        let isLong =
            htif?.isUndecided != true && configuration.instructionLimit == nil && !clock.followsInstructions
        return isLong ? 8_000_000 : 10_000
    }

    /// Resets after which a machine with an instruction limit counts as lost.
    private static let resetLimit = 100

    /// `roomMade` is called when console input that was refused would now be taken.
    package init(
        _ configuration: BareMachineConfiguration,
        clock: any MachineClock,
        console: any ConsoleSink,
        roomMade: @escaping @Sendable () -> Void = {}
    ) throws(VirtualMachineError) {
        self.configuration = configuration
        self.clock = clock
        self.console = console
        input = GuestConsoleInput(roomMade: roomMade)
        random = configuration.seed.map { SeededRandomSource(seed: $0) } ?? HostRandomSource()
        let plain = try PlainMemory(size: configuration.memorySize, further: configuration.furtherRAM)
        programs = try PlainPrograms(configuration, memory: plain)
        do throws(LoaderError) {
            initrd = try configuration.initrdPath.map { path throws(LoaderError) in
                try FileContents.read(path: path, .asNeeded)
            }
        } catch {
            throw .image(error)
        }
        let mailboxes = programs.image.mailboxMemory + (programs.kernel?.mailboxMemory ?? [])
        memory = try plain.make(
            mailboxes: mailboxes,
            of: configuration.programPath,
            harts: configuration.hartCount
        )
        try assemble()
    }

    // MARK: - Reset

    /// Fresh memory, harts and devices, and the program loaded: power-on.
    private func assemble() throws(VirtualMachineError) {
        memory.clear()
        let layout = try load()
        htif = HostTargetInterface(image: image, memory: memory, console: console, power: self) { [unowned self] in
            harts.forEach { $0.wake() }
        }
        harts = (0..<configuration.hartCount).map { index in
            BareHart(
                Hart(
                    configuration: HartConfiguration(
                        id: UInt64(index),
                        extensions: configuration.isa.extensions,
                        hostedModes: .bare,
                        pagingLimit: configuration.pagingLimit,
                        entropy: EntropySource { [random] in random.bits },
                        mailbox: htif?.mailbox ?? 0..<0
                    ),
                    memory: memory,
                    clock: clock
                )
            )
        }
        // The PLIC's contexts: M and S of hart 0, M and S of hart 1, ...
        let lines = harts.flatMap { hart in
            [InterruptCause.machineExternal, .supervisorExternal].map {
                InterruptLine(to: HartInterruptSink(hart, $0), source: 0)
            }
        }
        let mailbox = htif.map { device in
            let place = MemoryMap.Device(
                base: device.mailbox.lowerBound,
                size: device.mailbox.upperBound - device.mailbox.lowerBound
            )
            return Board.Entry(name: "htif", place: place, device: device)
        }
        let board = Board(
            contextLines: lines,
            console: console,
            power: self,
            random: random,
            memory: memory,
            clock: clock,
            hartTimers: BoardParts.HartTimers(hartCount: harts.count, sink: HartTimers(harts)),
            additional: mailbox.map { [$0] } ?? []
        )
        input.connect(board.uart)
        self.board = board
        for hart in harts {
            hart.hart.bus = board.bus
            let state = hart.hart.state
            state.pointee.pc = image.entry
            state.pointee.x[10] = state.pointee.mhartid
            state.pointee.x[11] = layout.deviceTreeAddress
            state.pointee.x[12] = layout.firmwareInformation
            state.pointee.menvcfg[.adue] = updatesAccessedDirtyAtReset
        }
    }

    /// The manual leaves `menvcfg.ADUE` open at reset. Programs for the platform with HTIF know Spike's, where it is clear
    /// beside Svade; others know QEMU's `virt`, where it is set. norm:menvcfg_adue_op
    private var updatesAccessedDirtyAtReset: Bool {
        let extensions = configuration.isa.extensions
        return extensions.contains(.svadu) && (!HostTargetInterface.isUsed(by: image) || !extensions.contains(.svade))
    }

    private func load() throws(VirtualMachineError) -> BareBootLayout {
        var seed = [UInt8](repeating: 0, count: 64)
        seed.withUnsafeMutableBytes { random.fill($0) }
        var tree = DeviceTreeConfiguration(
            hartCount: configuration.hartCount,
            memory: MemoryMap.ram(size: configuration.memorySize),
            isa: DeviceTreeConfiguration.ISA(configuration.isa.limited(to: configuration.pagingLimit)),
            addressTranslation: configuration.pagingLimit.addressTranslation,
            interruptModes: .machineAndSupervisor,
            bootArguments: configuration.bootArguments,
            initrd: programs.kernel?.embeddedInitrd ?? image.embeddedInitrd,
            rngSeed: seed
        )
        tree.furtherMemory = configuration.furtherRAM
        let layout: BareBootLayout
        do throws(DeviceTreeError) {
            layout = try BareBootLayout(
                tree,
                program: image,
                kernel: programs.kernel,
                binaries: programs.binaries,
                initrdSize: UInt64(initrd?.count ?? 0)
            )
        } catch {
            throw .deviceTree(error, guest: configuration.programPath)
        }
        deviceTree = layout.deviceTree
        let isLoaded = layout.write(
            to: memory,
            program: image,
            kernel: programs.kernel,
            binaries: programs.binaries,
            initrd: initrd
        )
        guard isLoaded else { throw .changed(configuration.programPath) }
        return layout
    }

    // MARK: - Life

    /// Runs the machine until it has ended, on a thread per hart.
    public func run() -> BareMachineOutcome { HostMemoryWatch().watching(self) { runUntilEnded() } }

    private func runUntilEnded() -> BareMachineOutcome {
        var resets = 0
        while true {
            runUntilStopped()
            switch outcome.withLock({ $0 }) {
            case .outcome(let outcome): return outcome
            case nil: return .requested
            case .reset: resets += 1
            }
            // Few instructions lie between two resets, and much work: the limit alone would end it too late.
            if configuration.instructionLimit != nil, resets > Self.resetLimit { return .failed("resets for ever") }
            outcome.withLock { $0 = nil }
            isStopping.store(false, ordering: .sequentiallyConsistent)
            do throws(VirtualMachineError) { try assemble() } catch { return .failed(error.description) }
        }
    }

    private func runUntilStopped() {
        if let clock = clock as? InstructionClock { return runInTurns(clock) }
        var threads: [HostThread] = []
        for index in harts.indices.dropFirst() {
            do throws(HostThreadError) {
                threads.append(try HostThread { [self] in runHart(index) })
            } catch {
                stop(.failed(error.description))
                break
            }
        }
        runHart(0)
        for thread in threads { thread.join() }
    }

    private func runHart(_ index: Int) {
        while !isStopping.load(ordering: .relaxed) {
            if index == 0 { runTimedDevices() }
            guard case .waiting(let tick) = turn(index), htif?.isUndecided != true else { continue }
            harts[index].sleep(untilTick: tick, deviceDeadline: index == 0 ? nextDeviceDeadline : nil)
        }
    }

    /// All harts on this thread, in turn, on a clock of their instructions.
    private func runInTurns(_ clock: InstructionClock) {
        while !isStopping.load(ordering: .relaxed) {
            runTimedDevices()
            var deadline = UInt64.max
            for index in harts.indices where !isStopping.load(ordering: .relaxed) {
                let hart = harts[index].hart
                let before = hart.state.pointee.retired
                let exit = turn(index)
                clock.advance(byNanoseconds: hart.state.pointee.retired &- before)
                hart.clockAdvanced()
                guard case .waiting(let tick) = exit else {
                    deadline = 0
                    continue
                }
                let (nanoseconds, overflows) = tick.multipliedReportingOverflow(by: Timebase.nanosecondsPerTick)
                deadline = min(deadline, overflows ? .max : nanoseconds)
            }
            deadline = min(deadline, nextDeviceDeadline ?? .max)
            if deadline == .max {
                if configuration.input == .absent { return stop(.failed("waits for an interrupt that cannot come")) }
                harts[0].pause(nanoseconds: 10_000_000)
            } else {
                clock.advance(byNanoseconds: deadline &- min(deadline, clock.nanoseconds))
            }
        }
    }

    private func turn(_ index: Int) -> HartExit {
        let hart = harts[index].hart
        hart.takeRequests()
        let before = hart.state.pointee.retired
        let exit = hart.run(instructions: turnLimit)
        let total = retired.wrappingAdd(hart.state.pointee.retired &- before, ordering: .relaxed).newValue
        htif?.look()
        if let limit = configuration.instructionLimit, total >= limit { stop(.instructionLimit) }
        if exit == .trapLoop { stop(.failed(trapLoopReport(hart))) }
        if exit == .criticalError { stop(.failed(criticalErrorReport(hart))) }
        return exit
    }

    /// The hart is in the mode whose handler does not work.
    private func trapLoopReport(_ hart: Hart) -> String {
        let state = hart.state.pointee
        let (cause, pc, value, vector, register) =
            switch state.mode {
            case .supervisor: (state.scause, state.sepc, state.stval, state.stvec, "stvec")
            case .virtualSupervisor: (state.vscause, state.vsepc, state.vstval, state.vstvec, "vstvec")
            case .machine, .user, .virtualUser: (state.mcause, state.mepc, state.mtval, state.mtvec, "mtvec")
            }
        let name = ExceptionCause(rawValue: cause)?.name ?? hex(cause)
        return "hart \(state.mhartid) traps for ever: \(name) at \(hex(pc)), value \(hex(value)), and its handler at "
            + "\(hex(vector & ~3)) (\(register)) cannot run\(hart.refusedTranslationReport.map { "; \($0)" } ?? "")"
    }

    private func criticalErrorReport(_ hart: Hart) -> String {
        "hart \(hart.state.pointee.mhartid) is in the critical-error state: a trap at \(hex(hart.state.pointee.pc)) that "
            + "no handler could take (Smdbltrp)"
    }

    /// Ends the run. The first reason counts.
    package func stop(_ reason: BareMachineOutcome) { end(.outcome(reason)) }

    private func end(_ ending: Ending) {
        outcome.withLock { if $0 == nil { $0 = ending } }
        isStopping.store(true, ordering: .sequentiallyConsistent)
        for hart in harts { hart.wake() }
    }

    /// Lets go of harts and devices, which hold each other; the machine cannot run again.
    package func dismantle() {
        for hart in harts { hart.hart.bus = Bus() }
        harts = []
        board = nil
    }

    /// Instructions retired by all harts so far.
    public var instructions: UInt64 { retired.load(ordering: .relaxed) }

    // MARK: - Devices

    private var nextDeviceDeadline: UInt64? { board?.timedDevices.compactMap(\.nextDeadline).min() }

    private func runTimedDevices() {
        guard let deadline = nextDeviceDeadline, deadline <= clock.nanoseconds else { return }
        board?.timedDevices.forEach { $0.timePassed() }
    }
}

extension BareMachine: PowerSink {
    package func powerOff(code: Int) { stop(.exited(code: code)) }
    package func reset() { end(.reset) }
}

extension BareMachine: WatchedMemory {
    package var filledBytes: UInt64 { memory.residentBytes }
    package func memoryUsedUp(_ report: String) { stop(.failed(report)) }
}

/// The ACLINT's wires.
private final class HartTimers: HartTimerSink {
    private let harts: [BareHart]

    init(_ harts: [BareHart]) { self.harts = harts }

    func setSoftwareInterrupt(_ isAsserted: Bool, hart: Int) { harts[hart].setLine(.machineSoftware, isAsserted) }

    func setTimerDeadline(ticks: UInt64, hart: Int) { harts[hart].setTimer(ticks) }
}
