/// The F and D extensions as the hart sees them: FS, dynamic rounding and the sticky flags around the unit.
extension Hart {
    /// Executes a computational instruction.
    @inline(__always)
    func executeFloatingPoint(
        _ operation: FloatOperation,
        _ format: FloatFormat,
        _ instruction: DecodedInstruction
    ) throws(Trap) {
        guard runState.pointee.floatingPoint != .off else { throw illegal(instruction) }
        let field = instruction.roundingModeField
        // norm:roundingmode_dynamic: 7 selects frm, whose reserved values make the instruction illegal. Instructions
        // that do not round use the field as part of their encoding; of those values only FLTQ's is not a mode.
        let selected = field == 7 ? UInt8(truncatingIfNeeded: state.pointee.frm) : field == 5 ? 0 : field
        guard let mode = RoundingMode(rawValue: selected) else { throw illegal(instruction) }
        FloatingPointUnit.execute(
            operation,
            format,
            instruction,
            roundingMode: mode,
            x: x,
            f: f,
            flags: &state.pointee.fflags
        )
        if runState.pointee.floatingPoint != .dirty { dirtyFloatingPoint() }
    }
}
