/// Jumps to addresses that are not 4-byte aligned, on a hart without compressed instructions (IALIGN=32).
///
/// The exception belongs to the jump, not to its target, and nothing has been written. Engines do not look at targets:
/// with compressed instructions, the usual case, all even ones are good. So the block builder hands the jumps that
/// could fail to `executeSystem`.
extension Hart {
    /// Whether a jump may raise instruction-address-misaligned.
    @inline(__always)
    package func mayMisalign(_ instruction: DecodedInstruction) -> Bool {
        guard !hasCompressedInstructions, case .jump(let condition) = execution(of: instruction.opcode) else {
            return false
        }
        return condition == .register || instruction.immediate & 2 != 0
    }

    /// Executes a jump that `mayMisalign`, and moves pc.
    ///
    /// norm:jump_misaligned_exception norm:branch_misaligned_taken_exception norm:branch_misaligned_untaken_exception
    func executeCheckedJump(_ condition: JumpCondition, _ instruction: DecodedInstruction) throws(Trap) {
        let pc = state.pointee.pc
        let next = pc &+ UInt64(instruction.length)
        let left = x[instruction.rs1]
        let distance = UInt64(bitPattern: Int64(instruction.immediate))
        let target = condition == .register ? (left &+ distance) & ~1 : pc &+ distance
        guard condition.holds(left, x[instruction.rs2]) else {
            state.pointee.pc = next
            return
        }
        guard target & 2 == 0 else { throw accessTrap(.misaligned, .fetch, target, runState.pointee.fetch.context) }
        if condition == .always || condition == .register { x[instruction.rd] = next }
        state.pointee.pc = target
    }

    private var hasCompressedInstructions: Bool { extensions.contains(.zca) }
}

extension JumpCondition {
    func holds(_ left: UInt64, _ right: UInt64) -> Bool {
        switch self {
        case .always, .register: true
        case .equal: left == right
        case .notEqual: left != right
        case .less: Integer.isLess(left, right)
        case .greaterOrEqual: !Integer.isLess(left, right)
        case .lessUnsigned: left < right
        case .greaterOrEqualUnsigned: left >= right
        }
    }
}
