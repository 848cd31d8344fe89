@testable import RV64Core

extension Hart {
    /// Executes a CSR instruction as its row says.
    func executeCSR(_ instruction: DecodedInstruction) throws(Trap) {
        guard case .csr(let operation, let operand) = instruction.opcode.execution else { throw illegal(instruction) }
        try executeCSR(operation, operand, instruction)
    }
}
