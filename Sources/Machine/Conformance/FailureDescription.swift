import Hypervisor
import Platform
import RV64Core

/// Says in words which check of a test failed, from what the stopped machine and the program's symbols show.
struct FailureDescription {
    private let image: GuestImage
    private let memory: any GuestMemoryAccess
    private let state: HartState

    /// What the riscv-tests set in `gp` beside the number of the check when a trap comes that none of them expects.
    private static let unexpectedTrap: UInt64 = 1337
    /// A check is a few instructions; constants of many bits make it a few dozen.
    private static let checkLimit: UInt64 = 512

    /// - Parameters:
    ///   - image: the program, for its symbols.
    ///   - memory: where it ran.
    ///   - state: the first hart's, after the run.
    init(image: GuestImage, memory: any GuestMemoryAccess, state: HartState) {
        self.image = image
        self.memory = memory
        self.state = state
    }

    /// The program ended with this exit code, which is not 0.
    func exited(code: Int) -> String {
        let gp = UInt64(truncatingIfNeeded: code) << 1 | 1
        if let check = address(ofCheck: code) {
            return "check \(code) failed, at test_\(code) (\(hex(check)))" + comparison(from: check, gp: gp)
        }
        if gp & Self.unexpectedTrap == Self.unexpectedTrap, address(ofCheck: 2) != nil {
            return "an unexpected trap: \(lastTrap)"
        }
        // ra stands behind the call, which is often the last instruction of its function.
        return "exit code \(code), called from \(place(state.x[1] &- 2)) (ra - 2)"
    }

    /// The program did not end.
    func unfinished(_ why: String) -> String {
        "\(why): pc \(place(state.pc)) in \(state.mode.name)-mode; the last trap to M-mode: \(lastTrap)"
    }

    // MARK: - Parts

    private func address(ofCheck number: Int) -> UInt64? { image.symbols.value(of: "test_\(number)") }

    /// The branch to `fail` and its operands, where the registers are still the test's own: without paging nothing
    /// has saved or changed them, and `gp` still has the number of the check.
    private func comparison(from check: UInt64, gp: UInt64) -> String {
        guard state.satp.rawValue == 0, state.x[3] == gp, let fail = image.symbols.value(of: "fail"),
            let (branch, pc) = branch(to: fail, from: check)
        else { return "" }
        let (left, right) = (Int(branch.rs1), Int(branch.rs2))
        let text = "; " + disassemble(branch.raw, at: pc) { $0 == fail ? "fail" : nil }
        guard branch.opcode == .bne else { return text }
        return text + ": expected \(hex(state.x[right])), seen \(hex(state.x[left]))"
    }

    private func branch(to target: UInt64, from start: UInt64) -> (DecodedInstruction, UInt64)? {
        let decoder = Decoder.complete
        var pc = start
        while pc < start + Self.checkLimit {
            guard let raw = fetch(pc) else { return nil }
            let instruction = decoder.decode(raw)
            switch instruction.opcode {
            case .beq, .bne, .blt, .bge, .bltu, .bgeu:
                if pc &+ UInt64(bitPattern: Int64(instruction.immediate)) == target { return (instruction, pc) }
            default: break
            }
            pc &+= UInt64(instruction.length)
        }
        return nil
    }

    /// The tests that have numbered checks run where they are linked.
    private func fetch(_ pc: UInt64) -> UInt32? {
        guard let low = memory.load(UInt16.self, at: GuestPhysicalAddress(pc)) else { return nil }
        let high = memory.load(UInt16.self, at: GuestPhysicalAddress(pc &+ 2)) ?? 0
        return UInt32(low) | UInt32(high) << 16
    }

    private var lastTrap: String {
        let cause = state.mcause
        let name = cause >> 63 == 0 ? ExceptionCause(rawValue: cause)?.name : InterruptCause(rawValue: cause)?.name
        return "\(name ?? hex(cause)) (mcause) at \(place(state.mepc)), mtval \(hex(state.mtval))"
    }

    /// An address and the symbol it belongs to.
    private func place(_ address: UInt64) -> String {
        guard let (name, offset) = image.symbol(at: address) else { return hex(address) }
        return "\(hex(address)) <\(name)\(offset == 0 ? "" : "+" + hex(offset))>"
    }
}
