import RV64Core

/// How two values are judged.
enum ComparisonRule {
    case equal
    /// These bits are equal.
    case bits(UInt64)
    /// rvhv's is what the manual says, if QEMU's is another.
    case manual(UInt64)
    case unchecked

    func accepts(rvhv: UInt64, qemu: UInt64) -> Bool {
        switch self {
        case .equal: rvhv == qemu
        case .bits(let mask): (rvhv ^ qemu) & mask == 0
        case .manual(let value): rvhv == value || rvhv == qemu
        case .unchecked: true
        }
    }
}

/// What QEMU 7.2 does otherwise than the manual, or the manual leaves open: docs/Differential.md has a row for each.
enum Exclusions {
    private static let signals: UInt64 = 1 << 63
    private static let guestVirtualAddress: UInt64 = 1 << 38
    private static let finisher: Range<UInt64> = 0x10_0000..<0x10_0008
    private static let previousPrivilege: UInt64 = 3 << 11
    private static let accessed: UInt64 = 1 << 6
    private static let dirty: UInt64 = 1 << 7
    /// The runtime's SRET behind vstvec.
    private static let virtualReturn = Layout.virtualVectors + 0x200
    /// What tells a load's cause from a store's.
    private static let storeCause: UInt64 = 2
    private static let breakpoint: UInt64 = 3
    private static let illegalInstruction: UInt64 = 2
    private static let virtualInstruction: UInt64 = 22
    private static let hypervisorGuestVirtualAddress: UInt64 = 1 << 6

    /// How a trap's logged register is judged.
    static func rule(_ register: TrapRegister, of trap: LoggedTrap, at instruction: Opcode) -> ComparisonRule {
        let cause = trap.cause
        switch register {
        case .vsstatus: return .bits(~signals)
        case .mstatus: return .bits(~guestVirtualAddress)
        case .hstatus where trap.handler != .supervisor || cause == breakpoint:
            return .bits(~hypervisorGuestVirtualAddress)
        case .mtval2: return isGuestPageFault(trap.rvhv(.mcause)) ? .equal : .manual(0)
        case .htval where trap.handler == .supervisor: return isGuestPageFault(cause) ? .equal : .manual(0)
        case .htval where trap.handler != .supervisor, .htinst where trap.handler != .supervisor: return .unchecked
        case .htinst, .mtinst: return trap.qemu(register) == 0 ? .unchecked : .equal
        case trap.causeRegister where isStoreLike(instruction): return .bits(~storeCause)
        case .vscause
        where trap.handler == .virtualSupervisor && (cause == 2 || cause == 6) && trap.qemuCause == cause - 1:
            return .unchecked
        // Behind mstatus.MPRV and MPV it takes a guest-page fault for a page fault.
        case .mcause where isFromMachine(trap) && isGuestPageFault(cause) && [13, cause - 8].contains(trap.qemuCause):
            return isHypervisorAccess(instruction) ? .equal : .unchecked
        case trap.causeRegister where cause == 23 && trap.qemuCause == 21: return .unchecked
        case trap.causeRegister where cause == virtualInstruction && trap.qemuCause == illegalInstruction:
            return .unchecked
        case trap.valueRegister: return valueRule(cause, seen: trap.qemu(register), at: instruction)
        default: return .equal
        }
    }

    /// Whether QEMU took a trap that has nothing to do with the manual's: the program is run without the case.
    static func diverges(_ trap: LoggedTrap, rvhv: TrappedInstruction, qemu: TrappedInstruction) -> Bool {
        // The machines' finishers differ.
        if finisher.contains(trap.rvhv(trap.valueRegister)) || finisher.contains(trap.qemu(trap.valueRegister)) {
            return true
        }
        if trap.pc != trap.qemuPC, takesAnotherWay(trap, rvhv, qemu) { return true }
        // Of a store across pages whose one half no memory takes, either may have written the other half.
        if trap.cause == 7, (trap.rvhv(trap.valueRegister) &+ 7) & 0xFFF < 8 { return true }
        switch (trap.cause, trap.qemuCause) {
        // What PMP forbids behind the G-stage.
        case (1, 20), (5, 21), (7, 21), (7, 23): return true
        // A table that the G-stage does not map, and a page fault of HLV while satp is Bare.
        case (20, 21), (13, 5), (15, 7): return true
        // QEMU looks at what an AMO loads before it translates what it stores.
        case (15, 5), (23, 5), (15, 21): return isStoreLike(rvhv.opcode)
        // An access in two parts, with a fault at each.
        case (5, 13), (7, 15): return trap.rvhv(trap.valueRegister) != trap.qemu(trap.valueRegister)
        case (virtualInstruction, illegalInstruction), (virtualInstruction, illegalInstruction - 1):
            return trap.rvhv(.handler) != trap.qemu(.handler)
        default: return false
        }
    }

    /// One of the machines goes on behind an instruction at which the other traps.
    private static func takesAnotherWay(
        _ trap: LoggedTrap,
        _ rvhv: TrappedInstruction,
        _ qemu: TrappedInstruction
    ) -> Bool {
        switch trap.cause {
        // QEMU lets mstatus.TVM pass for hgatp and hstatus.VTVM for satp, and user modes execute these fences.
        case illegalInstruction, virtualInstruction:
            if rvhv.csr == 0x680 || rvhv.csr == 0x180 { return true }
            if rvhv.opcode == .sfenceWInval || rvhv.opcode == .sfenceInvalIr { return true }
        // It asks the G-stage for leave to read where HLVX needs leave to execute.
        case 21: if isHLVX(rvhv.opcode) { return true }
        default: break
        }
        if trap.qemuCause == 21, isHLVX(qemu.opcode) { return true }
        // In VS-mode, too, it heeds mstatus.TVM and TSR.
        guard trap.qemuCause == illegalInstruction || trap.qemuCause == illegalInstruction - 1 else { return false }
        return [.sinvalVma, .sfenceVma, .sret].contains(qemu.opcode) || qemu.csr == 0x180
            || trap.qemuPC == virtualReturn
    }

    private static func valueRule(_ cause: UInt64, seen: UInt64, at instruction: Opcode) -> ComparisonRule {
        switch cause {
        case breakpoint: .unchecked
        case illegalInstruction where savesNoEncoding(instruction): .unchecked
        case virtualInstruction: seen == 0 || savesNoEncoding(instruction) ? .unchecked : .equal
        case 5, 7: .bits(~7)
        default: .equal
        }
    }

    /// How a word of memory is judged: A may be set by speculation (norm:Svadu_hw_update_a_d_bits). With
    /// `hasFaultyAtomics` an AMO has trapped behind the first stage, which QEMU translates for a load.
    static func rule(memory address: UInt64, rvhv: UInt64, hasFaultyAtomics: Bool) -> ComparisonRule {
        guard (Layout.tables..<Layout.tablesEnd).contains(address) else { return .equal }
        // A store that no memory takes: whether D is set first is open.
        if rvhv >> 10 & 0xFFF_FFFF >= (Layout.base + Layout.size) >> 12 { return .bits(~(accessed | dirty)) }
        // A may be set by speculation.
        if rvhv & accessed == 0 { return .bits(~accessed) }
        return hasFaultyAtomics && rvhv & dirty != 0 ? .bits(~dirty) : .equal
    }

    /// How a register at a case's end is judged.
    static func rule(result: String) -> ComparisonRule {
        switch result {
        case "mstatus": .bits(~guestVirtualAddress)
        case "vsstatus": .bits(~signals)
        case "hstatus": .bits(~hypervisorGuestVirtualAddress)
        default: .equal
        }
    }

    private static func savesNoEncoding(_ opcode: Opcode) -> Bool {
        (Opcode.mret...Opcode.hinvalGvma).contains(opcode) || (Opcode.hfenceVvma...Opcode.hsvD).contains(opcode)
    }

    private static func isFromMachine(_ trap: LoggedTrap) -> Bool {
        trap.handler == .machine && trap.rvhv(.mstatus) & previousPrivilege == previousPrivilege
    }

    private static func isHypervisorAccess(_ opcode: Opcode) -> Bool { (Opcode.hlvB...Opcode.hsvD).contains(opcode) }

    private static func isHLVX(_ opcode: Opcode) -> Bool { opcode == .hlvxHu || opcode == .hlvxWu }

    static func isStoreLike(_ opcode: Opcode) -> Bool {
        (Opcode.amoswapW...Opcode.amomaxuW).contains(opcode) || (Opcode.amoswapD...Opcode.amomaxuD).contains(opcode)
            || opcode == .scW || opcode == .scD
    }

    private static func isGuestPageFault(_ cause: UInt64) -> Bool {
        (20...23).contains(cause) && cause != virtualInstruction
    }
}

private func ... (first: Opcode, last: Opcode) -> ClosedRange<UInt16> { first.rawValue...last.rawValue }

extension ClosedRange<UInt16> {
    fileprivate func contains(_ opcode: Opcode) -> Bool { contains(opcode.rawValue) }
}

/// The instruction at which a machine trapped, if it was a case's.
struct TrappedInstruction {
    let word: UInt32
    let opcode: Opcode

    /// Of an access to a CSR.
    var csr: UInt32? { word & 0x7F == 0x73 && word & 0x3000 != 0 ? word >> 20 : nil }
}
