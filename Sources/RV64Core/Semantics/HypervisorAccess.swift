import Platform

/// HLV, HLVX and HSV: accesses as the guest would make them. Privileged ISA, "Hypervisor Virtual-Machine Load and
/// Store Instructions".
extension Hart {
    func executeHypervisorLoad(
        _ width: AccessWidth,
        _ kind: ValueExtension,
        _ instruction: DecodedInstruction
    ) throws(Trap) {
        try checkHypervisorAccess(instruction)
        let address = x[instruction.rs1]
        switch kind {
        case .signExtended: x[instruction.rd] = Integer.signExtended(try load(address, width, guestBank), width)
        case .zeroExtended: x[instruction.rd] = try load(address, width, guestBank)
        case .executable: x[instruction.rd] = try load(address, width, .oneOff(guestExecutableContext))
        }
    }

    func executeHypervisorStore(_ width: AccessWidth, _ instruction: DecodedInstruction) throws(Trap) {
        try checkHypervisorAccess(instruction)
        try store(x[instruction.rs1], width, x[instruction.rs2], guestBank)
    }

    private func checkHypervisorAccess(_ instruction: DecodedInstruction) throws(Trap) {
        switch state.pointee.mode {
        case .virtualUser, .virtualSupervisor: throw virtual(instruction)
        case .user: guard state.pointee.hstatus[.hu] else { throw illegal(instruction) }
        case .supervisor, .machine: break
        }
    }

    /// The bank that the guest's own loads and stores use.
    private var guestBank: TLBBank {
        let bank = area.tlb.bank(for: guestDataContext)
        // The bank given up for it may be one in use.
        if bank.entries == runState.pointee.data.entries || bank.entries == runState.pointee.fetch.entries {
            updateContext()
        }
        return bank
    }

    private var guestExecutableContext: TranslationContext {
        var context = guestDataContext
        context.flags.insert(.readsAsExecute)
        return context
    }

    /// Reads guest virtual memory as HLV would, without taking a trap: how Swift HS code looks at its guest.
    package func readGuest(_ address: UInt64, _ width: AccessWidth) throws(Trap) -> UInt64 {
        try load(address, width, .oneOff(guestDataContext))
    }

    /// Reads guest instructions as HLVX would.
    package func fetchGuest(_ address: UInt64, _ width: AccessWidth) throws(Trap) -> UInt64 {
        try load(address, width, .oneOff(guestExecutableContext))
    }

    /// The instruction at a guest address, 16 or 32 bits of it.
    package func fetchGuestInstruction(at pc: UInt64) throws(Trap) -> UInt32 {
        let low = UInt32(truncatingIfNeeded: try fetchGuest(pc, .half))
        guard low & 3 == 3 else { return low }
        return low | UInt32(truncatingIfNeeded: try fetchGuest(pc &+ 2, .half)) << 16
    }

    /// Translates a guest virtual address to a physical one without accessing it.
    package func translateGuest(_ address: UInt64, _ kind: AccessKind) throws(Trap) -> PhysicalAddress {
        PhysicalAddress(try translate(address, kind, guestDataContext).physicalAddress)
    }
}
