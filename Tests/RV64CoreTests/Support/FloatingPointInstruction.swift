import Testing

@testable import RV64Core

extension FloatingPointUnit {
    /// Executes an instruction as its row says.
    static func execute(
        _ instruction: DecodedInstruction,
        roundingMode: RoundingMode,
        x: UnsafeMutablePointer<UInt64>,
        f: UnsafeMutablePointer<UInt64>,
        flags: inout UInt64
    ) {
        guard case .float(let operation, let format) = instruction.opcode.execution else {
            Issue.record("\(instruction.opcode) does not compute with floating-point numbers")
            return
        }
        execute(operation, format, instruction, roundingMode: roundingMode, x: x, f: f, flags: &flags)
    }
}
