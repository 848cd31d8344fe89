import Hypervisor
import Platform
import RV64Core
import Synchronization

/// One hart of a plain machine. Nothing is hosted, so a turn ends with the turn's length, with WFI, or for good.
final class PlainHart: HartDriver, @unchecked Sendable {
    // @unchecked: `sleepsUntil` and `htif` are the running thread's; the rest is atomic or immutable.

    let hart: Hart
    let parking = ParkingSpot()
    var sleepsUntil: UInt64?
    /// The board's; no thread runs the hart while it changes.
    var htif: HostTargetInterface?
    private let image: GuestImage
    private let retired = Atomic<UInt64>(0)

    init(_ hart: Hart, image: GuestImage) {
        self.hart = hart
        self.image = image
    }

    var offered: ExtensionSet { hart.extensions }
    var instructions: UInt64 { retired.load(ordering: .relaxed) }

    func turn(limit: UInt64) -> Turn {
        let before = hart.state.pointee.retired
        let exit = hart.run(instructions: limit)
        retired.store(instructions &+ (hart.state.pointee.retired &- before), ordering: .relaxed)
        htif?.look()
        switch exit {
        case .requested, .budgetExhausted, .hosted, .handled: return .ran
        // A command that may be half of one is decided by another look.
        case .waiting(let tick): return htif?.isUndecided == true ? .ran : .sleep(untilTick: tick)
        case .trapLoop: return .ended(.failed(TrapLoop(hart, in: hart.state.pointee.mode).report(image.describe)))
        case .criticalError: return .ended(.failed(CriticalError.report(hart)))
        case .disagreement: return .ended(.failed(hart.disagreement?.report(image.describe) ?? "the engines differ"))
        }
    }

    // MARK: - Savable

    func save(to writer: inout StateWriter) {
        sleepsUntil = nil
        hart.save(to: &writer)
        writer.write(instructions)
    }

    func restore(from reader: inout StateReader) throws(StateError) {
        sleepsUntil = nil
        try hart.restore(from: &reader)
        retired.store(try reader.read(), ordering: .relaxed)
    }

    // MARK: - Wires

    /// A wire: a bit of `mip`.
    func setLine(_ interrupt: InterruptCause, _ isAsserted: Bool) {
        if isAsserted {
            hart.lines.pointee.bitwiseOr(interrupt.mask, ordering: .sequentiallyConsistent)
            wake()
        } else {
            hart.lines.pointee.bitwiseAnd(~interrupt.mask, ordering: .sequentiallyConsistent)
        }
    }

    /// `mtimecmp`, in ticks.
    func setTimer(_ deadline: UInt64) {
        hart.machineTimer.store(deadline, ordering: .sequentiallyConsistent)
        wake()
    }

    /// M-mode at the program's entry, all wires low. No thread runs the hart.
    func reset(_ start: Start, hasDirtyUpdates: Bool) {
        hart.lines.pointee.store(0, ordering: .sequentiallyConsistent)
        hart.machineTimer.store(.max, ordering: .sequentiallyConsistent)
        sleepsUntil = nil
        hart.reset()
        hart.synchronizeInstructionFetch()
        let state = hart.state
        state.pointee.pc = start.entry
        state.pointee.x[10] = state.pointee.mhartid
        state.pointee.x[11] = start.deviceTree
        state.pointee.x[12] = start.firmwareInformation ?? 0
        state.pointee.menvcfg[.adue] = hasDirtyUpdates
    }
}

/// A wire from an interrupt controller to a bit of `mip`.
final class HartInterruptSink: InterruptSink {
    // Strong: somebody may type into the UART of a machine that is gone.
    private let hart: PlainHart
    private let interrupt: InterruptCause

    init(_ hart: PlainHart, _ interrupt: InterruptCause) {
        self.hart = hart
        self.interrupt = interrupt
    }

    func setLevel(_ isAsserted: Bool, source: UInt32) { hart.setLine(interrupt, isAsserted) }
}
