import Testing

@testable import RV64Core

/// Sv39, Sv48 and Sv57 of HS-mode, level by level and bit by bit.
@Suite struct PagedTranslationTests {
    /// MODE, levels and bits of a virtual address.
    struct Scheme: CustomTestStringConvertible, Sendable {
        let mode: UInt64
        let levels: Int
        let bits: UInt64
        var testDescription: String { "Sv\(bits)" }
    }

    static let schemes = [
        Scheme(mode: 8, levels: 3, bits: 39), Scheme(mode: 9, levels: 4, bits: 48),
        Scheme(mode: 10, levels: 5, bits: 57),
    ]

    private static let ebreak = UInt64(ProgramBuilder.encode(.ebreak))

    /// Every index at every level is nine bits of the address, and chooses an entry of eight bytes in a page; the
    /// twelve low bits stay. Levels, VPN, PTE and table sizes:
    /// norm:Sv39_LEVELS norm:Sv39_PTESIZE norm:Sv39_levels norm:Sv39_vpn_sz norm:Sv39_page_offset_sz
    /// norm:Sv39_pte_count norm:Sv39_pte_sz norm:Sv39_pt_sz norm:Sv39_pt_align norm:Sv39_va_sz norm:Sv39_sxlen
    /// norm:Sv48_LEVELS norm:Sv48_PTESIZE norm:Sv48_levels norm:Sv48_vpn_sz norm:Sv48_page_offset_sz norm:Sv48_va_sz
    /// norm:Sv48_sxlen norm:Sv57_LEVELS norm:Sv57_PTESIZE norm:Sv57_levels norm:Sv57_vpn_sz norm:Sv57_page_offset_sz
    /// norm:Sv57_va_sz norm:Sv57_sxlen norm:satp norm:satp_mode_sxlen64
    @Test(arguments: schemes)
    func levels(_ scheme: Scheme) throws {
        let fixture = try SupervisorMachine(mode: scheme.mode)
        let machine = fixture.machine
        for level in 0..<scheme.levels {
            // An address whose only set index is the highest of this level: its tables are written by hand.
            let index: UInt64 = level == scheme.levels - 1 ? 0xFF : 0x1FF
            let address = index << (12 + 9 * UInt64(level)) | (level == 0 ? 0 : 0x3000)
            var table = fixture.tables.root
            for depth in stride(from: scheme.levels - 1, through: 1, by: -1) {
                let slot = table + (address >> (12 + 9 * UInt64(depth)) & 0x1FF) * 8
                let next = TestMachine.base + 0x60_0000 + UInt64(level) << 16 + UInt64(depth) << 12
                if machine.read(slot) == 0 { machine.write(Entry.leaf(next, Entry.v), at: slot) }
                table = (machine.read(slot) >> 10) << 12
            }
            machine.write(
                Entry.leaf(SupervisorMachine.frame, Entry.supervisor),
                at: table + (address >> 12 & 0x1FF) * 8
            )
            for offset in [UInt64(0), 8, 0xFF8] {
                machine.write(address ^ offset, at: SupervisorMachine.frame + offset)
                #expect(fixture.load(address + offset) == address ^ offset)
            }
            #expect(fixture.access(.ld, at: address ^ 0x1000) == .loadPageFault)
        }
    }

    /// Bits above the highest of the scheme must equal it. norm:Sv39_va_signext norm:Sv48_va_signext
    /// norm:Sv57_va_signext
    @Test(arguments: schemes)
    func canonicalAddresses(_ scheme: Scheme) throws {
        let fixture = try SupervisorMachine(mode: scheme.mode)
        let high = ~UInt64(0) << (scheme.bits - 1)
        fixture.tables.map(high, to: SupervisorMachine.frame, Entry.supervisor)
        fixture.machine.write(77, at: SupervisorMachine.frame)
        #expect(fixture.load(high) == 77)
        for bit in (scheme.bits - 1)..<64 {
            for (opcode, fault) in [
                (Opcode.ld, ExceptionCause.loadPageFault), (.sd, .storePageFault), (nil, .instructionPageFault),
            ] as [(Opcode?, ExceptionCause)] {
                let address = high ^ 1 << bit
                #expect(fixture.access(opcode, at: address) == fault)
                #expect(fixture.state.pointee.stval == address)
            }
        }
    }

    /// A leaf at any level is a page of that level's size, which must be aligned.
    /// norm:Sv39_leaf_any_level norm:Sv39_page_sizes norm:Sv39_superpage_align norm:Sv39_superpage_align_fault
    /// norm:Sv48_leaf_any_level norm:Sv48_page_sizes norm:Sv48_superpage_align norm:Sv48_superpage_align_fault
    /// norm:Sv57_leaf_any_level norm:Sv57_page_sizes norm:Sv57_superpage_align norm:Sv57_superpage_align_fault
    @Test(arguments: schemes)
    func superpages(_ scheme: Scheme) throws {
        for level in 1..<scheme.levels {
            let fixture = try SupervisorMachine(mode: scheme.mode)
            let size: UInt64 = 1 << (12 + 9 * UInt64(level))
            // Where a page of that size with RAM in it begins, and a virtual page of the same size.
            let physical = SupervisorMachine.frame & ~(size - 1)
            let virtual = level == scheme.levels - 1 ? 3 * size : 5 * size
            let entry = fixture.tables.entry(for: virtual, level: level)
            fixture.machine.write(Entry.leaf(physical, Entry.supervisor), at: entry)
            let inside = SupervisorMachine.frame - physical + 0x12_3450
            fixture.machine.write(0xABCD, at: SupervisorMachine.frame + 0x12_3450)
            #expect(fixture.load(virtual + inside) == 0xABCD)
            for misaligned in 0..<(9 * UInt64(level)) {
                fixture.machine.write(Entry.leaf(physical | 0x1000 << misaligned, Entry.supervisor), at: entry)
                fixture.machine.hart.flushTranslations()
                #expect(fixture.access(.ld, at: virtual + inside) == .loadPageFault)
            }
        }
    }

    /// Permissions of a leaf by access; W without R is reserved, whatever else. norm:fetch_page_fault_no_x
    /// norm:load_page_fault_no_r norm:store_page_fault_no_w norm:sstatus_sum norm:sstatus_mxr norm:mstatus_sum_op
    /// norm:mstatus_mxr_op
    @Test(arguments: [PrivilegeMode.supervisor, .user], UInt64(1)..<8)
    func permissions(mode: PrivilegeMode, bits: UInt64) throws {
        let (r, w, x) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)
        for isUserPage in [false, true] {
            for (sum, mxr) in [(false, false), (false, true), (true, false), (true, true)] {
                let fixture = try SupervisorMachine()
                let flags = Entry.v | Entry.a | Entry.d | bits << 1 | (isUserPage ? Entry.u : 0)
                fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, flags)
                fixture.machine.write(Self.ebreak, at: SupervisorMachine.frame)
                fixture.state.pointee.mstatus[.sum] = sum
                fixture.state.pointee.mstatus[.mxr] = mxr
                let isReserved = w && !r
                let isReachable = mode == .user ? isUserPage : !isUserPage || sum
                let isFetchable = mode == .user ? isUserPage : !isUserPage
                let canLoad = !isReserved && isReachable && (r || mxr && x)
                let canStore = !isReserved && isReachable && w
                let canFetch = !isReserved && isFetchable && x
                #expect(
                    fixture.access(nil, at: SupervisorMachine.data, mode) == (canFetch ? nil : .instructionPageFault)
                )
                for opcode in [Opcode.ld, .lrD] {
                    let found = fixture.access(opcode, at: SupervisorMachine.data, mode)
                    #expect(found == (canLoad ? nil : .loadPageFault))
                }
                for opcode in [Opcode.sd, .scD, .amoaddD] {
                    let found = fixture.access(opcode, at: SupervisorMachine.data, mode)
                    #expect(found == (canStore ? nil : .storePageFault))
                }
            }
        }
    }

    /// Bits that mean nothing yet must be zero; RSW and G are ignored. norm:Sv39_pte_future_rsv
    /// norm:Svpbmt_nonleaf_pte_pbmt_must_be_zero norm:Svpbmt_leaf_pte_pbmt_reserved_3_fault
    /// norm:Svrsw60t59b_reserved_bits_60_59
    @Test(arguments: UInt64(5)..<64)
    func bits(_ bit: UInt64) throws {
        for inLeaf in [false, true] {
            let fixture = try SupervisorMachine()
            fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.pbmte.mask)
            fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor)
            let entry = fixture.tables.entry(for: SupervisorMachine.data, level: inLeaf ? 0 : 1)
            fixture.machine.write(fixture.machine.read(entry) | 1 << bit, at: entry)
            let isLegal: Bool? =
                switch bit {
                case 5, 8, 9: true  // G, RSW
                case 6, 7: inLeaf  // A, D
                case 10..<54: nil  // PPN
                case 61, 62: inLeaf  // PBMT NC and IO
                default: false
                }
            guard let isLegal else { continue }
            #expect(fixture.access(.ld, at: SupervisorMachine.data) == (isLegal ? nil : .loadPageFault))
            if bit == 62, inLeaf {
                fixture.machine.write(fixture.machine.read(entry) | 1 << 61, at: entry)
                fixture.machine.hart.flushTranslations()
                #expect(fixture.access(.ld, at: SupervisorMachine.data) == .loadPageFault)
            }
        }
    }

    /// Bits 60 and 59 are software's with Svrsw60t59b, in leaves and in pointers, and kept by updates of A and D.
    /// norm:Svrsw60t59b_reserved_bits_60_59 norm:Svrsw60t59b_depends_on_sv39
    @Test(arguments: schemes, [false, true])
    func softwareBits(scheme: Scheme, isPresent: Bool) throws {
        let extensions = isPresent ? fullExtensions.union([.svrsw60t59b]) : fullExtensions
        for bits: UInt64 in [1 << 59, 1 << 60, 3 << 59] {
            for level in 0..<2 {
                let fixture = try SupervisorMachine(mode: scheme.mode, TestMachine(extensions: extensions))
                fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
                let clean = Entry.supervisor & ~(Entry.a | Entry.d)
                fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, clean)
                let entry = fixture.tables.entry(for: SupervisorMachine.data, level: level)
                fixture.machine.write(fixture.machine.read(entry) | bits, at: entry)
                let found = fixture.access(.sd, at: SupervisorMachine.data)
                #expect(found == (isPresent ? nil : .storePageFault))
                #expect(fixture.machine.read(entry) & 3 << 59 == bits)
                // The bits below are reserved still.
                fixture.machine.write(fixture.machine.read(entry) | 1 << 58, at: entry)
                fixture.machine.hart.flushTranslations()
                #expect(fixture.access(.sd, at: SupervisorMachine.data) == .storePageFault)
            }
        }
        #expect(throws: ISAConfigurationError.missingDependency(of: .svrsw60t59b, .sv39)) {
            try ISAConfiguration([.i, .svrsw60t59b])
        }
    }

    /// N and PBMT without their extensions, or without PBMTE. norm:Sv39_pte_svnapot_rsv norm:Sv39_pte_svpbmt_rsv
    @Test(arguments: [ISAExtension.svnapot, .svpbmt], [false, true])
    func absentExtensions(absent: ISAExtension, isPresent: Bool) throws {
        let extensions = isPresent ? fullExtensions : fullExtensions.subtracting(ExtensionSet([absent]))
        let fixture = try SupervisorMachine(TestMachine(extensions: extensions))
        fixture.machine.hart.writeCSR(.menvcfg, ~0)
        let field: UInt64 = absent == .svnapot ? Entry.n | 0x8000 >> 2 : 1 << 61
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor | field)
        #expect(fixture.access(.ld, at: SupervisorMachine.data) == (isPresent ? nil : .loadPageFault))
        if isPresent, absent == .svpbmt {
            fixture.machine.hart.writeCSR(.menvcfg, 0)
            #expect(fixture.access(.ld, at: SupervisorMachine.data) == .loadPageFault)
        }
    }

    /// Sixteen pages by one entry: PPN[3:0] comes from the address; every other low PPN is reserved, and so is N
    /// above the last level. norm:Svnapot_pte_N norm:Svnapot_range_napot norm:Svnapot_valid_encoding
    /// norm:Svnapot_implicit_read_ppn_subst norm:Svnapot_reserved_encoding_fault norm:Svnapot_depends_Sv39
    @Test(arguments: schemes, UInt64(0)..<16)
    func contiguousPages(scheme: Scheme, low: UInt64) throws {
        let fixture = try SupervisorMachine(mode: scheme.mode)
        let virtual: UInt64 = 0x60_0000
        for page in UInt64(0)..<16 {
            fixture.tables.map(
                virtual + page << 12,
                to: SupervisorMachine.frame | low << 12,
                Entry.supervisor | Entry.n
            )
            fixture.machine.write(page + 1, at: SupervisorMachine.frame + page << 12 + 0x18)
        }
        for page in UInt64(0)..<16 {
            if low == 8 {
                #expect(fixture.load(virtual + page << 12 + 0x18) == page + 1)
            } else {
                #expect(fixture.access(.ld, at: virtual + page << 12) == .loadPageFault)
            }
        }
        fixture.tables.map(0x80_0000, to: SupervisorMachine.frame | low << 12, Entry.supervisor | Entry.n, level: 1)
        #expect(fixture.access(.ld, at: 0x80_0000) == .loadPageFault)
    }

    /// A G-stage entry with N, under a first stage of plain pages. norm:Svnapot_hyp_gstage
    @Test(arguments: [UInt64(8), 9, 10])
    func contiguousGuestPages(mode: UInt64) throws {
        let fixture = try GuestMachine(guest: mode)
        for page in UInt64(0)..<16 {
            fixture.guest.map(
                0x2_0000 + page << 12,
                to: fixture.physical(0x3_0000) | 0x8000,
                Entry.user | Entry.n
            )
            fixture.machine.write(page + 1, at: fixture.physical(0x3_0000 + page << 12))
        }
        for page in UInt64(0)..<16 {
            fixture.first.map(0x60_0000 + page << 12, to: 0x2_0000 + page << 12, Entry.supervisor)
            fixture.access(.ld, at: 0x60_0000 + page << 12)
            #expect(fixture.machine[.a1] == page + 1)
        }
        fixture.guest.map(0x2_0000, to: fixture.physical(0x3_0000) | 0x4000, Entry.user | Entry.n)
        fixture.machine.hart.flushTranslations()
        fixture.access(.ld, at: 0x60_0000)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadGuestPageFault.rawValue)
    }

    /// A and D: faults without ADUE, updates with it, D for stores only; never by a refused access.
    /// norm:svade_access_ad_bit_clear norm:Svadu_hw_update_a_d_bits norm:Svadu_disabled_hw_update_falls_back_to_svade
    /// norm:Svadu_hypervisor_adue_writable
    @Test(arguments: [false, true], [Opcode.ld, .sd, .amoaddD, .lrD, .scD])
    func accessedAndDirty(isUpdated: Bool, opcode: Opcode) throws {
        let bits = Entry.a | Entry.d
        let isStore = opcode != .ld && opcode != .lrD
        for before in [0, Entry.a, bits] {
            let fixture = try SupervisorMachine()
            fixture.machine.hart.writeCSR(.menvcfg, isUpdated ? Flag<EnvironmentConfiguration>.adue.mask : 0)
            #expect(fixture.machine.hart.readCSR(.menvcfg) != 0 || !isUpdated)
            let entry = fixture.tables.entry(for: SupervisorMachine.data)
            fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor & ~bits | before)
            let needed = isStore ? bits : Entry.a
            let isFault = !isUpdated && before & needed != needed
            let fault: ExceptionCause = isStore ? .storePageFault : .loadPageFault
            #expect(fixture.access(opcode, at: SupervisorMachine.data) == (isFault ? fault : nil))
            #expect(fixture.machine.read(entry) & bits == (isFault ? before : before | needed))
            // A user page: refused, and untouched.
            fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.user & ~bits)
            fixture.machine.hart.flushTranslations()
            #expect(fixture.access(opcode, at: SupervisorMachine.data) == fault)
            #expect(fixture.machine.read(entry) & bits == 0)
        }
    }

    /// Where a table or its update may not be reached: access faults of the original kind. norm:pmp_with_paging
    @Test(arguments: [Opcode.ld, .sd, nil])
    func unreachableTables(opcode: Opcode?) throws {
        let fault: ExceptionCause =
            opcode == nil ? .instructionAccessFault : opcode == .ld ? .loadAccessFault : .storeAccessFault
        let fixture = try SupervisorMachine()
        fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        // Its table shares no page but the root with the code's.
        let address: UInt64 = 0x1_4000_0000
        fixture.tables.map(address, to: SupervisorMachine.frame, Entry.supervisor & ~(Entry.a | Entry.d))
        let table = fixture.tables.entry(for: address) & ~0xFFF
        for permissions in [UInt64(0), 4, 1] {
            fixture.machine.hart.writeCSR(.pmpcfg0, 0)
            fixture.machine.hart.writeCSR(.pmpaddr0, table >> 2 | 0x1FF)
            fixture.machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
            fixture.machine.hart.writeCSR(.pmpcfg0, 0x1F18 | permissions)
            #expect(fixture.access(opcode, at: address) == fault)
            #expect(fixture.state.pointee.stval == address)
            #expect(fixture.machine.read(fixture.tables.entry(for: address)) & Entry.a == 0)
        }
        fixture.machine.hart.writeCSR(.pmpcfg0, 0x1F1F)
        fixture.machine.write(
            Entry.leaf(0x1000_0000, Entry.v),
            at: fixture.tables.entry(for: address, level: 1)
        )
        #expect(fixture.access(opcode, at: address) == fault)
    }
}
