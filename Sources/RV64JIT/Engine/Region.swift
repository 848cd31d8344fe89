import Platform
import RV64Core

/// A hot loop: blocks of one page that lead back to its head, translated again as a whole, with registers of its own.
struct Region {
    /// How often the budget has to end at its head.
    static let threshold: UInt8 = 4
    static let blockLimit = 16
    static let instructionLimit = 256

    /// The head first.
    private(set) var blocks: [SourceBlock]

    /// Finds the loop around `head`; nil if there is none. What never ran is left out: `isKnown` says whether the block at
    /// an address has been translated.
    init?(head: UInt64, of hart: Hart, isKnown: (UInt64) -> Bool) {
        blocks = []
        var pending = [head]
        var edges: [UInt64: [UInt64]] = [:]
        var count = 0
        while let pc = pending.popLast() {
            guard edges[pc] == nil, blocks.count < Self.blockLimit,
                let decoded = hart.block(at: pc, retired: 0), decoded != hart.interpreter.blocks.scratch
            else { continue }
            let block = SourceBlock(decoded, at: pc)
            guard count + block.operations.count <= Self.instructionLimit else { continue }
            count += block.operations.count
            blocks.append(block)
            let targets = block.targets.filter { $0 & ~Page.offsetMask == head & ~Page.offsetMask && isKnown($0) }
            edges[pc] = targets
            pending += targets.reversed()
        }
        // What does not lead back is no part of the loop.
        var leadsBack: Set<UInt64> = []
        var hasGrown = true
        while hasGrown {
            hasGrown = false
            for (pc, targets) in edges where !leadsBack.contains(pc) {
                guard targets.contains(where: { $0 == head || leadsBack.contains($0) }) else { continue }
                leadsBack.insert(pc)
                hasGrown = true
            }
        }
        guard leadsBack.contains(head) else { return nil }
        blocks.removeAll { !leadsBack.contains($0.pc) }
    }

    /// Registers by how often the blocks use them; loops inside count more.
    var registerMap: RegisterMap {
        var uses = [Int](repeating: 0, count: 40)
        for block in blocks {
            let weight = block.targets.contains(block.pc) ? 8 : 1
            for operation in block.operations {
                let decoded = operation.decoded
                for register in decoded.integerRegisters { uses[Int(register)] += weight }
            }
        }
        return RegisterMap(uses: uses)
    }
}

extension SourceBlock {
    /// Where it may lead, but for indirect jumps.
    fileprivate var targets: [UInt64] {
        var result: [UInt64] = []
        for operation in operations {
            guard case .jump(let condition) = operation.opcode.execution, condition != .register, !operation.isFollowed
            else { continue }
            let decoded = operation.decoded
            result.append(pc &+ UInt64(operation.offset) &+ UInt64(bitPattern: Int64(decoded.immediate)))
        }
        result.append(pc &+ end.offset)
        return result
    }
}

extension DecodedInstruction {
    /// The integer registers that it reads and writes.
    fileprivate var integerRegisters: [UInt8] {
        switch opcode.execution {
        case .jump(.always): [rd]
        case .float: []
        case .floatLoad, .floatStore: [rs1]
        case .store: [rs1, rs2]
        case .load: [rd, rs1]
        case .loop where opcode == .lui || opcode == .auipc: [rd]
        default: [rd, rs1, rs2]
        }
    }
}
