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

    private var memory: NativeMemory?
    private var hasFailed = false

    /// Whether this host can run what the translator writes.
    package static let isSupported: Bool = {
        #if arch(x86_64)
            HostFeatures.suffice
        #else
            false
        #endif
    }()

    package init(threshold: Threshold = .warm) { self.threshold = threshold }

    package func run(_ hart: Hart, budget: Int) {
        guard let memory = memory(for: hart) else { return hart.interpreter.run(hart, budget: budget) }
        hart.runState.pointee.native.budget = budget
        hart.runState.pointee.native.remaining = budget
        var link: Int?
        var isJump = false
        while true {
            let step = next(hart, memory, link: link, isJump: isJump)
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
    private func next(_ hart: Hart, _ memory: NativeMemory, link: Int?, isJump: Bool) -> Step {
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
        if let block = memory.find(source, pc), isCurrent(block, hart, memory) {
            return enter(block, hart, memory, link: link, isJump: isJump)
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
        let block = BlockTranslator.translate(start, at: pc, in: memory, of: hart)
        return enter(block, hart, memory, link: link, isJump: isJump)
    }

    private func enter(
        _ block: UnsafeMutablePointer<NativeBlock>,
        _ hart: Hart,
        _ memory: NativeMemory,
        link: Int?,
        isJump: Bool
    ) -> Step {
        if let link { patch(link, to: block, hart, memory) }
        if isJump { remember(block, hart) }
        let thunk = memory.isDirty ? memory.thunks.enterSerialized : memory.thunks.enter
        memory.isDirty = false
        let entry = thunk + memory.code.executableDistance
        typealias Code = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> UInt64
        // SAFETY: a thunk follows the calling convention.
        let code = unsafeBitCast(entry, to: Code.self)
        return .native(code(hart.area.base + 128, block.pointee.entry))
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

    private func patch(_ number: Int, to block: UnsafeMutablePointer<NativeBlock>, _ hart: Hart, _ memory: NativeMemory) {
        let link = memory.links.base[number]
        let target = block.pointee.entry - memory.code.executableDistance
        if let addend = link.addend {
            let page = block.pointee.source &- block.pointee.pc
            UnsafeMutableRawPointer(addend).storeBytes(of: page, as: UInt64.self)
        }
        Fixup(place: link.site).store(Int32(truncatingIfNeeded: target - link.site - 4))
        memory.patched.append(Int32(truncatingIfNeeded: number))
        memory.isDirty = true
    }

    private func remember(_ block: UnsafeMutablePointer<NativeBlock>, _ hart: Hart) {
        let pc = block.pointee.pc
        let index = Int(truncatingIfNeeded: pc &<< UInt64(JumpCache.shift) & UInt64(JumpCache.mask))
        let entry = hart.area.base + HartArea.engineRoomOffset + index
        entry.storeBytes(of: pc | 1, toByteOffset: JumpCache.key, as: UInt64.self)
        entry.storeBytes(of: TLBEntry.tag(pc), toByteOffset: JumpCache.tag, as: UInt64.self)
        entry.storeBytes(of: block.pointee.source &- pc, toByteOffset: JumpCache.addend, as: UInt64.self)
        entry.storeBytes(of: UInt64(UInt(bitPattern: block.pointee.entry)), toByteOffset: JumpCache.code, as: UInt64.self)
        let distance = UInt64(TLBBank.index(pc) * MemoryLayout<TLBEntry>.stride)
        entry.storeBytes(of: distance, toByteOffset: JumpCache.entry, as: UInt64.self)
    }

    /// Compares a block of an older epoch with memory.
    private func isCurrent(_ block: UnsafeMutablePointer<NativeBlock>, _ hart: Hart, _ memory: NativeMemory) -> Bool {
        let epoch = hart.interpreter.blocks.epoch
        guard block.pointee.epoch != epoch else { return true }
        let places = memory.places.base + Int(block.pointee.firstPlace)
        for index in 0..<Int(block.pointee.count) {
            let place = places + index
            let source = block.pointee.source &+ (place.pointee.pc &- block.pointee.pc)
            guard place.pointee.decoded.isEncoded(at: source) else {
                memory.remove(block)
                return false
            }
        }
        block.pointee.epoch = epoch
        return true
    }

    // MARK: - Engine

    package func step(_ hart: Hart) { hart.interpreter.step(hart) }

    package func startFetchEpoch(_ hart: Hart) {
        hart.interpreter.startFetchEpoch(hart)
        guard let memory else { return }
        for index in 0..<memory.patched.count {
            let link = memory.links.base[Int(memory.patched.base[index])]
            Fixup(place: link.site).store(Int32(truncatingIfNeeded: link.stub - link.site - 4))
        }
        if memory.patched.count > 0 { memory.isDirty = true }
        memory.patched.count = 0
        forgetJumps(hart)
    }

    package func forgetCode(_ hart: Hart) {
        hart.interpreter.forgetCode(hart)
        if memory != nil { forgetTranslations(hart) }
    }

    private func forgetTranslations(_ hart: Hart) {
        memory?.reset()
        forgetJumps(hart)
    }

    private func forgetJumps(_ hart: Hart) {
        memset(hart.area.base + HartArea.engineRoomOffset, 0, HartArea.engineRoomSize)
    }

    private func memory(for hart: Hart) -> NativeMemory? {
        if let memory { return memory }
        guard Self.isSupported, !hasFailed else { return nil }
        do throws(CodeMemoryError) {
            let made = try NativeMemory()
            memory = made
            connect(hart, made)
            return made
        } catch {
            // A host that forbids it. The interpreter does all.
            hasFailed = true
            return nil
        }
    }

    private func connect(_ hart: Hart, _ memory: NativeMemory) {
        hart.runState.pointee.native.hart = Unmanaged.passUnretained(hart).toOpaque()
        hart.runState.pointee.native.places = UnsafeRawPointer(memory.places.base)
        let execute: NativeFunction = { hart, place in NativeCalls.execute(hart, place) }
        let system: NativeFunction = { hart, place in NativeCalls.system(hart, place) }
        hart.runState.pointee.native.execute = unsafeBitCast(execute, to: UnsafeRawPointer.self)
        hart.runState.pointee.native.system = unsafeBitCast(system, to: UnsafeRawPointer.self)
    }
}

extension DecodedInstruction {
    /// Whether this is what is in memory.
    fileprivate func isEncoded(at source: UInt64) -> Bool {
        // SAFETY: a block lies inside a page of RAM.
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(source)) else { return false }
        return length == 2
            ? UInt32(UInt16(littleEndian: pointer.loadUnaligned(as: UInt16.self))) == raw
            : UInt32(littleEndian: pointer.loadUnaligned(as: UInt32.self)) == raw
    }
}
