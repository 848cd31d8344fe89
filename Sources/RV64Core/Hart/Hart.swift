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
    package let memory: PhysicalMemory
    /// The devices on the hart's physical bus. Set before the hart runs; only device accesses read it.
    package var bus: Bus
    package let clock: any MachineClock

    /// The architectural state. Only the thread that runs the hart touches it.
    package let state: UnsafeMutablePointer<HartState>
    /// x0...x31 and the sink at 32: the first field of `state`.
    let x: UnsafeMutablePointer<UInt64>
    let f: UnsafeMutablePointer<UInt64>

    let caches: TranslationCaches
    let blocks: BlockCache
    let context: UnsafeMutablePointer<ExecutionContext>
    let decoder: Decoder
    /// The block of the one instruction that no cache keeps.
    let scratchBlock: UnsafeMutablePointer<Block>

    /// Bits of `mip` that wires drive (MSIP, MEIP, SEIP's wired half).
    package let lines = Atomic<UInt64>(0)
    /// Bits of `hgeip` that wires drive.
    package let guestExternalLines = Atomic<UInt64>(0)
    /// RNMI signals: bit n is the one with cause n. Only a hart with Smrnmi has them.
    package let nonMaskableLines = Atomic<UInt64>(0)
    let hasNonMaskableInterrupts: Bool
    /// Non-zero makes `run` return `.requested` soon; the owner clears it.
    package let requests = Atomic<UInt64>(0)
    /// `mtimecmp`: MTIP is pending from this `time` on.
    package let machineTimer = Atomic<UInt64>(~0)
    /// The mode that the last write of `satp` or `vsatp` asked for, if it was refused: for reports.
    var refusedTranslationMode: UInt64?

    package init(configuration: HartConfiguration, memory: PhysicalMemory, bus: Bus = Bus(), clock: any MachineClock) {
        self.configuration = configuration
        self.extensions = configuration.extensions
        hasNonMaskableInterrupts = configuration.extensions.contains(.smrnmi)
        self.memory = memory
        self.bus = bus
        self.clock = clock
        state = .allocate(capacity: 1)
        state.initialize(to: HartState())
        // SAFETY: `x` is the first field of HartState; both arrays live as long as `state`.
        let raw = UnsafeMutableRawPointer(state)
        x = raw.assumingMemoryBound(to: UInt64.self)
        f = (raw + MemoryLayout<HartState>.offset(of: \.f).unsafelyUnwrapped).assumingMemoryBound(to: UInt64.self)
        caches = TranslationCaches()
        blocks = BlockCache()
        context = .allocate(capacity: 1)
        context.initialize(to: ExecutionContext(bank: caches.firstBank))
        scratchBlock = UnsafeMutableRawPointer.allocate(
            byteCount: Block.maximumBytes,
            alignment: 16
        ).bindMemory(to: Block.self, capacity: 1)
        scratchBlock.initialize(to: Block(source: 0, epoch: 0))
        scratchBlock.instructions.initialize(to: DecodedInstruction(opcode: .illegal, raw: 0))
        decoder = Decoder(extensions: configuration.extensions)
        reset()
    }

    deinit {
        state.deallocate()
        context.deallocate()
        scratchBlock.deallocate()
    }

    /// Back to M-mode with reset values everywhere. norm:M-mode_at_rst2
    package func reset() {
        state.pointee = HartState()
        state.pointee.mhartid = configuration.id
        resetCSRs()
        flushTranslations()
        updateContext()
    }
}
