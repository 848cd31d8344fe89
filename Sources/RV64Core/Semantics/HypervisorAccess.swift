import Platform

/// HLV, HLVX and HSV: accesses as the guest would make them. Privileged ISA, "Hypervisor Virtual-Machine Load and
/// Store Instructions".
extension Hart {
    func executeHypervisorAccess(_ instruction: DecodedInstruction) throws(Trap) {
        switch state.pointee.mode {
        case .virtualUser, .virtualSupervisor: throw virtual(instruction)
        case .user: guard state.pointee.hstatus[.hu] else { throw illegal(instruction) }
        case .supervisor, .machine: break
        }
        let address = x[instruction.rs1]
        var access = guestDataContext
        let entries = guestEntries(access)
        switch instruction.opcode {
        case .hsvB: try store(address, .byte, x[instruction.rs2], access, caching: entries)
        case .hsvH: try store(address, .half, x[instruction.rs2], access, caching: entries)
        case .hsvW: try store(address, .word, x[instruction.rs2], access, caching: entries)
        case .hsvD: try store(address, .double, x[instruction.rs2], access, caching: entries)
        case .hlvB: x[instruction.rd] = signExtend(try load(address, .byte, access, caching: entries), 8)
        case .hlvBu: x[instruction.rd] = try load(address, .byte, access, caching: entries)
        case .hlvH: x[instruction.rd] = signExtend(try load(address, .half, access, caching: entries), 16)
        case .hlvHu: x[instruction.rd] = try load(address, .half, access, caching: entries)
        case .hlvW: x[instruction.rd] = signExtend(try load(address, .word, access, caching: entries), 32)
        case .hlvWu: x[instruction.rd] = try load(address, .word, access, caching: entries)
        case .hlvD: x[instruction.rd] = try load(address, .double, access, caching: entries)
        default:
            access.flags.insert(.readsAsExecute)
            let width: AccessWidth = instruction.opcode == .hlvxHu ? .half : .word
            x[instruction.rd] = try load(address, width, access, caching: nil)
        }
    }

    /// The TLB that the guest's own loads and stores use.
    private func guestEntries(_ access: TranslationContext) -> UnsafeMutablePointer<TLBEntry> {
        let entries = caches.bank(for: access).entries
        // The bank given up for it may be one in use.
        if entries == context.pointee.data || entries == context.pointee.fetch { updateContext() }
        return entries
    }

    private func signExtend(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        let shift = Int64(64 &- bits)
        return UInt64(bitPattern: (Int64(bitPattern: value) &<< shift) &>> shift)
    }

    /// Reads guest virtual memory as HLV would, without taking a trap: how Swift HS code looks at its guest.
    package func readGuest(_ address: UInt64, _ width: AccessWidth) throws(Trap) -> UInt64 {
        try load(address, width, guestDataContext, caching: nil)
    }

    /// Reads guest instructions as HLVX would.
    package func fetchGuest(_ address: UInt64, _ width: AccessWidth) throws(Trap) -> UInt64 {
        var access = guestDataContext
        access.flags.insert(.readsAsExecute)
        return try load(address, width, access, caching: nil)
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
