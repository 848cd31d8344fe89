import Platform
import Synchronization

/// One RV64 hart with the H-extension.
///
/// A hart is run by one thread at a time. Other threads touch only `lines`, `requests` and `machineTimer`.
/// Everything mutable lies behind `let` pointers, so that the run loop needs neither exclusivity checks nor
/// reference counting.
package final class Hart: @unchecked Sendable {
    // @unchecked: see above; the atomics are the only state shared between threads.

    package let configuration: HartConfiguration
    package let extensions: ExtensionSet
    /// What the observer wants to be told of; nothing where there is none.
    let observed: HartEvents
    package let memory: PhysicalMemory
    /// The devices on the hart's physical bus. Set before the hart runs; only device accesses read it.
    package var bus: Bus
    package let clock: any MachineClock
    /// Whoever takes traps to hosted modes inside of `run`; without it, `run` returns. Set before the hart runs.
    @exclusivity(unchecked) package var hostedSoftware: HostedSoftware?

    /// All memory that executing takes, but for what the engine derives from code.
    package let area: HartArea
    /// The architectural state. Only the thread that runs the hart touches it.
    package let state: UnsafeMutablePointer<HartState>
    package let runState: UnsafeMutablePointer<RunState>
    /// x0...x31 and the sink at 32: the first field of `state`.
    package let x: UnsafeMutablePointer<UInt64>
    package let f: UnsafeMutablePointer<UInt64>

    package let interpreter = Interpreter()
    /// What executes for the run loop: the interpreter, unless the configuration has another one.
    let engine: any Engine
    package let decoder: Decoder
    /// The CSRs that the hart has.
    let csrs: CSRDirectory
    private let executions = Hart.executionTable.executions

    /// Bits of `mip` that wires drive (MSIP, MEIP, SEIP's wired half).
    package let lines: UnsafeMutablePointer<Atomic<UInt64>>
    /// Bits of `hgeip` that wires drive.
    package let guestExternalLines: UnsafeMutablePointer<Atomic<UInt64>>
    /// RNMI signals: bit n is the one with cause n. Only a hart with Smrnmi has them.
    package let nonMaskableLines = Atomic<UInt64>(0)
    let hasNonMaskableInterrupts: Bool
    /// The page of `configuration.mailbox`; no page's address without one.
    let mailboxPage: UInt64
    /// Where stores are noted, if they will be undone.
    let journal: StoreJournal?
    /// What the hart has given up of its rights to store.
    let grants: GrantRevocation.Slot
    /// The hart's part in `configuration.soleTurn`.
    let soleTurn: SoleTurn.Place?
    /// What others ask of the hart: see `HartRequests`.
    let requests = Atomic<UInt64>(0)
    /// `mtimecmp`: MTIP is pending from this `time` on.
    package let machineTimer = Atomic<UInt64>(~0)
    /// What an engine that compares two others has found: why `run` returns `.disagreement`.
    package internal(set) var disagreement: Disagreement?
    /// The mode that the last write of `satp` or `vsatp` asked for, if it was refused: for reports.
    var refusedTranslationMode: UInt64?
    /// The last instruction that was illegal for want of its extension: for reports.
    var missingInstruction: MissingInstruction?
    /// The last one that was illegal for any reason.
    var illegalInstruction: UInt64?

    package init(configuration: HartConfiguration, memory: PhysicalMemory, bus: Bus = Bus(), clock: any MachineClock) {
        self.configuration = configuration
        self.extensions = configuration.extensions
        observed = configuration.observer?.hartEvents ?? []
        hasNonMaskableInterrupts = configuration.extensions.contains(.smrnmi)
        let mailbox = configuration.mailbox
        mailboxPage = mailbox.isEmpty ? ~0 : mailbox.lowerBound & ~Page.offsetMask
        journal = configuration.journal
        self.memory = memory
        self.bus = bus
        self.clock = clock
        area = HartArea()
        state = area.state
        runState = area.runState
        lines = area.lines
        guestExternalLines = area.guestExternalLines
        // SAFETY: `x` is the first field of HartState; both arrays live as long as `state`.
        let raw = UnsafeMutableRawPointer(state)
        x = raw.assumingMemoryBound(to: UInt64.self)
        f = (raw + MemoryLayout<HartState>.distance(of: \.f)).assumingMemoryBound(to: UInt64.self)
        engine = configuration.makeEngine?() ?? interpreter
        grants = memory.grants.join()
        soleTurn = configuration.soleTurn?.place(of: Int(truncatingIfNeeded: configuration.id))
        decoder = Decoder(extensions: configuration.extensions)
        csrs = CSRDirectory(configuration.extensions)
        reset()
    }

    deinit {
        memory.grants.leave(grants)
        area.unmap()
    }

    /// Where and as what an opcode is executed.
    @inline(__always)
    func execution(of opcode: Opcode) -> Execution { executions[Int(opcode.rawValue)] }

    /// By opcode. A pointer, which each hart keeps: every use of a global asks whether it is the first.
    private static let executionTable = ExecutionTable()

    /// Never written after it was made, and never let go of.
    private struct ExecutionTable: @unchecked Sendable {
        // @unchecked: written in `init` and never after.
        let executions: UnsafePointer<Execution>

        init() {
            let table = UnsafeMutablePointer<Execution>.allocate(capacity: Opcode.allCases.count)
            for opcode in Opcode.allCases { (table + Int(opcode.rawValue)).initialize(to: opcode.execution) }
            executions = UnsafePointer(table)
        }
    }

    /// Back to M-mode with reset values everywhere. norm:M-mode_at_rst2
    package func reset() {
        // Memory may have been given up as well.
        if state.pointee.retired != 0 { engine.forgetCode(self) }
        state.pointee = HartState()
        let (native, samples) = (runState.pointee.native, runState.pointee.samples)
        runState.pointee = RunState(data: runState.pointee.data, fetch: runState.pointee.fetch)
        // What generated code finds there is the engine's, not the program's.
        runState.pointee.native = native
        // Nor is the time that a profile has counted.
        runState.pointee.samples = samples
        (refusedTranslationMode, missingInstruction, illegalInstruction) = (nil, nil, nil)
        resetCSRs()
        startSampling()
        flushTranslations()
        updateContext()
    }
}
