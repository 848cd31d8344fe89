import Glibc
import Platform
import RV64Core

/// Executes guest code as code of the host.
///
/// What runs for the first time is interpreted. A block that has run often enough is translated, as the interpreter's
/// block is, edge for edge, so that both engines look at the budget at the same instructions. Every function that the
/// interpreter calls for an instruction is called from translated code too.
package final class NativeEngine: Engine {
    /// When a block is translated.
    package enum Threshold: UInt8, Sendable {
        /// Before it first runs: what a test of the translator wants.
        case first = 0
        /// After some executions: translating costs as much as interpreting some hundred instructions.
        case warm = 3
    }

    private let threshold: Threshold

    private let memory: NativeMemory

    /// Whether this host can run what the translator writes.
    package static let isSupported: Bool = {
        #if arch(x86_64)
            HostFeatures.suffice
        #else
            false
        #endif
    }()

    /// The addresses that an engine takes for itself, nearly all of them without memory behind.
    package static var addressBytes: UInt64 { UInt64(NativeMemory.addressBytes) }

    /// - Throws: `CodeMemoryError` where the host refuses memory for code.
    package init(threshold: Threshold = .warm) throws(CodeMemoryError) {
        self.threshold = threshold
        memory = try NativeMemory()
    }

    package func run(_ hart: Hart, budget: Int) {
        if hart.runState.pointee.native.hart == nil { connect(hart) }
        hart.runState.pointee.native.budget = budget
        hart.runState.pointee.native.remaining = budget
        var link: Int?
        // A trap has led here, most often: the next one finds it by itself.
        var isJump = true
        while true {
            let rest = link.flatMap { memory.links.base[$0].rest }
            let step = rest.map { enterRest($0, hart, link: link) } ?? next(hart, link: link, isJump: isJump)
            switch step {
            case .event: return
            case .interpreted:
                (link, isJump) = (nil, false)
                if hart.runState.pointee.native.remaining <= 0 { return }
            case .native(let exit):
                switch exit {
                case NativeExit.event: return
                case NativeExit.jumpMissed: (link, isJump) = (nil, true)
                case NativeExit.jumpAtBudget: return writeBack(hart)
                default:
                    let number = Int(exit &>> 1)
                    hart.state.pointee.pc = memory.links.base[number].target
                    if exit & 1 == 1 { return writeBack(hart) }
                    (link, isJump) = (number, false)
                }
            }
        }
    }

    private enum Step {
        case event, interpreted
        case native(UInt64)
    }

    /// Executes the block at pc, and all that are linked to it.
    private func next(_ hart: Hart, link: Int?, isJump: Bool) -> Step {
        let pc = hart.state.pointee.pc
        let bank = hart.runState.pointee.fetch
        var decoded: UnsafeMutablePointer<Block>?
        var host = bank.location(of: pc, .fetch)
        if host == nil {
            // This may trap, so that what was done before has to be written back.
            writeBack(hart)
            guard let block = hart.block(at: pc, retired: 0) else { return .event }
            decoded = block
            host = bank.location(of: pc, .fetch)
        }
        guard let host else { return interpret(hart, decoded) }
        let source = UInt64(UInt(bitPattern: host))
        if let block = memory.find(source, pc, hart.state.pointee.mode) {
            return enter(block, hart, link: link, isJump: isJump)
        }
        guard memory.warm(source) > threshold.rawValue else { return interpret(hart, decoded) }
        var start = decoded
        if start == nil {
            writeBack(hart)
            start = hart.block(at: pc, retired: 0)
        }
        guard let start else { return .event }
        // A block of an instruction that nothing may keep.
        guard start != hart.interpreter.blocks.scratch, start.pointee.source == source else {
            return interpret(hart, start)
        }
        var link = link
        if !memory.hasRoom {
            forgetTranslations(hart)
            link = nil
        }
        let block = hart.translating { BlockTranslator.translate(start, at: pc, in: memory, of: hart) }
        return enter(block, hart, link: link, isJump: isJump)
    }

    /// Goes on in the middle of a block, with code that takes nothing for granted.
    private func enterRest(_ rest: NativeLink.Rest, _ hart: Hart, link: Int?) -> Step {
        var block = memory.blocks.base[Int(rest.block)]
        if let known = memory.find(restOf: block, from: rest.step) {
            return enter(known, hart, link: link, isJump: false)
        }
        var link = link
        if !memory.hasRoom {
            // What the rest is to be translated from goes, too.
            let places = Array(
                UnsafeBufferPointer(start: memory.places.base + Int(block.firstPlace), count: Int(block.count))
            )
            forgetTranslations(hart)
            block.firstPlace = Int32(memory.places.count)
            for place in places { memory.places.append(place) }
            link = nil
        }
        let translated = hart.translating { [block] in
            BlockTranslator.translateRest(of: block, from: rest.step, in: memory, of: hart)
        }
        return enter(translated, hart, link: link, isJump: false)
    }

    private func enter(
        _ block: UnsafeMutablePointer<NativeBlock>,
        _ hart: Hart,
        link: Int?,
        isJump: Bool
    ) -> Step {
        var isJump = isJump
        if let link {
            // Some lead here already, but their page was not in the TLB: such a one finds it by the jump cache.
            isJump = block.pointee.firstStep == 0 && leads(link, to: block)
            if !isJump, memory.incoming.hasRoom {
                patch(link, to: block)
                hart.runState.pointee.native.isDirty = true
            }
        }
        if isJump { JumpCache.remember(block.pointee, in: hart) }
        let thunk = hart.runState.pointee.native.isDirty ? memory.thunks.enterSerialized : memory.thunks.enter
        hart.runState.pointee.native.isDirty = false
        let entry = thunk + memory.code.executableDistance
        typealias Code = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> UInt64
        // SAFETY: a thunk follows the calling convention.
        let code = unsafeBitCast(entry, to: Code.self)
        return .native(code(hart.area.base + Layout.bias, block.pointee.entry))
    }

    private func interpret(_ hart: Hart, _ known: UnsafeMutablePointer<Block>?) -> Step {
        writeBack(hart)
        guard let block = known ?? hart.block(at: hart.state.pointee.pc, retired: 0) else { return .event }
        let before = hart.state.pointee.retired
        // One block, whatever its length.
        let end = hart.interpret(1, from: block)
        let retired = Int(truncatingIfNeeded: hart.state.pointee.retired &- before)
        hart.runState.pointee.native.remaining &-= retired
        hart.runState.pointee.native.budget = hart.runState.pointee.native.remaining
        return end == .edge ? .interpreted : .event
    }

    /// Adds to `retired` what has been executed since it was last written back. pc is right already.
    private func writeBack(_ hart: Hart) {
        let native = hart.runState.pointee.native
        hart.writeBack(hart.state.pointee.pc, retired: native.budget &- native.remaining)
        hart.runState.pointee.native.budget = native.remaining
    }

    // MARK: - Links

    private func leads(_ number: Int, to block: UnsafeMutablePointer<NativeBlock>) -> Bool {
        let link = memory.links.base[number]
        guard link.block == memory.number(of: block) else { return false }
        guard let addend = link.addend else { return true }
        let page = UnsafeRawPointer(addend).loadUnaligned(as: UInt64.self)
        return page == block.pointee.source &- block.pointee.pc
    }

    private func patch(_ number: Int, to block: UnsafeMutablePointer<NativeBlock>) {
        let link = memory.links.base[number]
        if let addend = link.addend {
            let page = block.pointee.source &- block.pointee.pc
            UnsafeMutableRawPointer(addend).storeBytes(of: page, as: UInt64.self)
        }
        Fixup(place: link.site).lead(to: block.pointee.entry - memory.code.executableDistance)
        memory.links.base[number].block = memory.number(of: block)
        let incoming = NativeIncoming(link: Int32(truncatingIfNeeded: number), previous: block.pointee.lastIncoming)
        block.pointee.lastIncoming = Int32(memory.incoming.count)
        memory.incoming.append(incoming)
    }

    // MARK: - Engine

    package func step(_ hart: Hart) { hart.interpreter.step(hart) }

    package func startFetchEpoch(_ hart: Hart) {
        hart.interpreter.startFetchEpoch(hart)
        CodeRevision(hart, memory).run()
    }

    package func forgetCode(_ hart: Hart) {
        hart.interpreter.forgetCode(hart)
        forgetTranslations(hart)
    }

    private func forgetTranslations(_ hart: Hart) {
        memory.reset()
        hart.runState.pointee.native.isDirty = true
        hart.area.clearEngineRoom()
    }

    private func connect(_ hart: Hart) {
        hart.runState.pointee.native.hart = Unmanaged.passUnretained(hart).toOpaque()
        hart.runState.pointee.native.places = UnsafeRawPointer(memory.places.base)
        hart.runState.pointee.native.links = UnsafeRawPointer(memory.links.base)
        hart.runState.pointee.native.blocks = UnsafeRawPointer(memory.blocks.base)
        hart.runState.pointee.native.blockTable = UnsafeRawPointer(memory.table.base)
        let execute: NativeFunction = { hart, place in NativeCalls.execute(hart, place) }
        let system: NativeFunction = { hart, place in NativeCalls.system(hart, place) }
        let environmentCall: NativeFunction = { hart, place in NativeCalls.environmentCall(hart, place) }
        let supervisorReturn: NativeFunction = { hart, place in NativeCalls.supervisorReturn(hart, place) }
        hart.runState.pointee.native.environmentCall = unsafeBitCast(environmentCall, to: UnsafeRawPointer.self)
        hart.runState.pointee.native.supervisorReturn = unsafeBitCast(supervisorReturn, to: UnsafeRawPointer.self)
        hart.runState.pointee.native.execute = unsafeBitCast(execute, to: UnsafeRawPointer.self)
        hart.runState.pointee.native.system = unsafeBitCast(system, to: UnsafeRawPointer.self)
    }
}
