import RV64Core

/// Accesses to CSRs whose answers are the ISA's alone: no clocks, no counters, nothing that moves the handlers.
enum CSRSource {
    /// Written with anything.
    private static let free: [UInt16] = [
        0x001, 0x002, 0x003,  // fflags, frm, fcsr
        0x140, 0x240, 0x340,  // sscratch, vsscratch, mscratch
    ]
    /// QEMU keeps more than their 32 bits.
    private static let narrow: [UInt16] = [0x106, 0x606, 0x306]  // scounteren, hcounteren, mcounteren
    /// What traps write; QEMU's differences there (`Exclusions`) stay out of the general registers.
    private static let trapValues: [UInt16] = [
        0x142, 0x143, 0x242, 0x243, 0x343,  // scause, stval, vscause, vstval, mtval
        0x643, 0x34A, 0x34B,  // htval, mtinst, mtval2
    ]
    /// Only read: what a write would do is the handlers' business, or ends the case.
    private static let readOnly: [UInt16] = [
        0x100, 0x104, 0x105, 0x141, 0x144, 0x180,  // sstatus, sie, stvec, sepc, sip, satp
        0x200, 0x204, 0x205, 0x241, 0x244, 0x280,  // vsstatus, vsie, vstvec, vsepc, vsip, vsatp
        0x600, 0x604, 0x644, 0x645, 0x680, 0x607,  // hstatus, hie, hip, hvip, hgatp, hgeie
        0x300, 0x302, 0x303, 0x304, 0x305, 0x341,  // mstatus ... mepc
        0x602, 0x603,  // hedeleg, hideleg
        0xF14,
    ]
    /// Their counter-enable registers are zero: a trap everywhere but in M-mode.
    private static let counters: [UInt16] = [0xC00, 0xC01, 0xC02, 0xC03, 0xC1F]

    static func instruction(mode: PrivilegeMode, delegatesAll: Bool, _ random: inout SeededRandom) -> UInt32 {
        let choice = random.below(100)
        let destination = UInt32(random.pick([0, 5, 6, 7, 20, 21, 22, 23, 24, 25] as [UInt64])) << 7
        if choice < 5 {
            return UInt32(random.pick(narrow)) << 20 | UInt32(random.next() & 0xF_8000 | random.pick([5, 6, 7]) << 12)
                | destination | 0x73
        }
        if choice < 45 {
            let function = UInt32(random.pick([1, 2, 3, 5, 6, 7] as [UInt64])) << 12
            return UInt32(random.pick(free)) << 20 | UInt32(random.below(32)) << 15 | function | destination | 0x73
        }
        if choice < 55 {
            return UInt32(random.pick(trapValues)) << 20 | UInt32(random.below(32)) << 15 | random.pick([1, 5]) << 12
                | 0x73
        }
        if choice < 90 || mode == .machine {
            let number = random.pick(readOnly)
            // QEMU's vsstatus has no SD, and a GVA of its own in mstatus and hstatus.
            // Its sip and sie show VS-mode less than vsip and vsie.
            let isMasked = !delegatesAll && (number == 0x104 || number == 0x144)
            let differs =
                isMasked || number == 0x300 || number == 0x200 || number == 0x600
                || number == 0x100 && mode == .virtualSupervisor
            return UInt32(number) << 20 | 2 << 12 | (differs ? 0 : destination) | 0x73
        }
        return UInt32(random.pick(counters)) << 20 | 2 << 12 | destination | 0x73
    }
}
