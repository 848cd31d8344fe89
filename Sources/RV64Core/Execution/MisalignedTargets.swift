/// Jumps to addresses that are not 4-byte aligned, on a hart without compressed instructions (IALIGN=32).
///
/// The exception belongs to the jump, not to its target, and nothing has been written. The loop does not look at
/// targets: with compressed instructions, the usual case, all even ones are good. So the block builder hands the jumps
/// that could fail to `executeSystem`, as illegal instructions that keep their encoding.
extension Hart {
    /// What the block builder keeps of a decoded instruction.
    @inline(__always)
    func checkingTarget(_ instruction: DecodedInstruction) -> DecodedInstruction {
        hasCompressedInstructions ? instruction : guardingTarget(instruction)
    }

    private func guardingTarget(_ instruction: DecodedInstruction) -> DecodedInstruction {
        var result = instruction
        switch instruction.opcode {
        case .jalr: result.opcode = .illegal
        case .jal, .beq, .bne, .blt, .bge, .bltu, .bgeu: if instruction.immediate & 2 != 0 { result.opcode = .illegal }
        default: break
        }
        return result
    }

    /// Executes a jump that `checkingTarget` has set aside, and moves pc; any other instruction is illegal.
    ///
    /// norm:jump_misaligned_exception norm:branch_misaligned_taken_exception norm:branch_misaligned_untaken_exception
    func executeCheckedJump(_ instruction: DecodedInstruction) throws(Trap) {
        guard !hasCompressedInstructions else { throw illegal(instruction) }
        let pc = state.pointee.pc
        let next = pc &+ UInt64(instruction.length)
        let left = x[instruction.rs1]
        let right = x[instruction.rs2]
        let distance = UInt64(bitPattern: Int64(instruction.immediate))
        let isTaken: Bool
        switch decoder.decode(instruction.raw).opcode {
        case .jalr:
            let target = (left &+ distance) & ~1
            guard target & 2 == 0 else { throw misaligned(target) }
            x[instruction.rd] = next
            state.pointee.pc = target
            return
        case .jal: isTaken = true
        case .beq: isTaken = left == right
        case .bne: isTaken = left != right
        case .blt: isTaken = Integer.isLess(left, right)
        case .bge: isTaken = !Integer.isLess(left, right)
        case .bltu: isTaken = left < right
        case .bgeu: isTaken = left >= right
        default: throw illegal(instruction)
        }
        guard !isTaken else { throw misaligned(pc &+ distance) }
        state.pointee.pc = next
    }

    private func misaligned(_ target: UInt64) -> Trap { accessTrap(.misaligned, .fetch, target, fetchContext) }

    private var hasCompressedInstructions: Bool { extensions.contains(.zca) }
}
