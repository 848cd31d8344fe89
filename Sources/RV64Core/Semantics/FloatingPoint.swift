/// The F and D extensions as the hart sees them: FS, dynamic rounding and the sticky flags around the unit.
extension Hart {
    /// Executes a computational instruction; false with the trap in `context`.
    @inline(never)
    func executeFloatingPoint(_ instruction: DecodedInstruction) -> Bool {
        guard context.pointee.floatingPoint != .off else { return raiseIllegal(instruction) }
        let field = instruction.roundingModeField
        // norm:roundingmode_dynamic: 7 selects frm, whose reserved values make the instruction illegal. Instructions that do not
        // round use the field as part of their encoding: any value there is a valid mode or below it.
        let selected = field == 7 ? UInt8(truncatingIfNeeded: state.pointee.frm) : field
        guard let mode = RoundingMode(rawValue: selected) else { return raiseIllegal(instruction) }
        FloatingPointUnit.execute(instruction, roundingMode: mode, x: x, f: f, flags: &state.pointee.fflags)
        if context.pointee.floatingPoint != .dirty { dirtyFloatingPoint() }
        return true
    }

    /// FP loads and stores need FS too; false with the trap in `context`.
    @inline(__always)
    func floatingPointIsOn(_ instruction: DecodedInstruction) -> Bool {
        context.pointee.floatingPoint != .off || raiseIllegal(instruction)
    }

    /// Leaves an illegal-instruction trap in `context`; always false, as the instruction has failed.
    @inline(never)
    func raiseIllegal(_ instruction: DecodedInstruction) -> Bool {
        context.pointee.trap = Trap(.illegalInstruction, value: UInt64(instruction.raw))
        return false
    }
}
