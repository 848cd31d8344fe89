import Platform
import Synchronization
import Testing

@testable import RV64Core

/// What a trap into S-mode writes, and the registers that decide about it.
@Suite struct SupervisorTrapTests {
    /// One way to trap, and what `stval` then holds.
    struct Source: CustomTestStringConvertible, Sendable {
        let name: String
        let cause: ExceptionCause
        let value: UInt64
        var epc = SupervisorMachine.code
        let provoke: @Sendable (SupervisorMachine) -> Void
        var testDescription: String { name }
    }

    private static let data = SupervisorMachine.data
    private static let frame = SupervisorMachine.frame
    private static let code = SupervisorMachine.code

    static let sources: [Source] = [
        Source(name: "ebreak", cause: .breakpoint, value: code) { $0.run { $0.emit(.ebreak) } },
        Source(name: "c.ebreak", cause: .breakpoint, value: code) { $0.run { $0.half(0x9002) } },
        Source(name: "ecall", cause: .environmentCallFromHS, value: 0) { $0.run { $0.emit(.ecall) } },
        Source(name: "illegal word", cause: .illegalInstruction, value: 0x3020_0073) { $0.run { $0.emit(.mret) } },
        Source(name: "illegal half", cause: .illegalInstruction, value: 0x8000) { $0.run { $0.half(0x8000) } },
        Source(name: "zeros", cause: .illegalInstruction, value: 0) { $0.run { $0.word(0) } },
        Source(name: "page fault of a load", cause: .loadPageFault, value: 0x77_7008) { fixture in
            fixture.machine[.a0] = 0x77_7000
            fixture.run { $0.emit(.ld, rd: .a1, rs1: .a0, 8) }
        },
        Source(name: "page fault of a store", cause: .storePageFault, value: 0x77_6FF8) { fixture in
            fixture.machine[.a0] = 0x77_7000
            fixture.run { $0.emit(.sd, rs1: .a0, rs2: .a1, -8) }
        },
        Source(name: "page fault of a fetch", cause: .instructionPageFault, value: 0x77_7002, epc: 0x77_7002) {
            $0.machine.run(.supervisor, at: 0x77_7002)
        },
        Source(name: "access fault of a load", cause: .loadAccessFault, value: data + 4) { fixture in
            fixture.tables.map(data, to: 0x1000_0000, Entry.supervisor)
            _ = fixture.access(.lw, at: data + 4)
        },
        Source(name: "access fault of a store", cause: .storeAccessFault, value: data + 4) { fixture in
            fixture.tables.map(data, to: 0x1000_0000, Entry.supervisor)
            _ = fixture.access(.sw, at: data + 4)
        },
        Source(name: "access fault of a fetch", cause: .instructionAccessFault, value: data, epc: data) { fixture in
            fixture.tables.map(data, to: 0x1000_0000, Entry.supervisor)
            fixture.machine.run(.supervisor, at: data)
        },
        Source(name: "misaligned LR", cause: .loadAddressMisaligned, value: data + 1) { fixture in
            fixture.tables.map(data, to: frame, Entry.supervisor)
            _ = fixture.access(.lrW, at: data + 1)
        },
        Source(name: "misaligned SC", cause: .storeAddressMisaligned, value: data + 6) { fixture in
            fixture.tables.map(data, to: frame, Entry.supervisor)
            _ = fixture.access(.scD, at: data + 6)
        },
        Source(name: "second page of a load", cause: .loadPageFault, value: data + 0x1000) { fixture in
            fixture.tables.map(data, to: frame, Entry.supervisor)
            _ = fixture.access(.ld, at: data + 0xFFA)
        },
        Source(name: "second page of a store", cause: .storePageFault, value: data + 0x1000) { fixture in
            fixture.tables.map(data, to: frame, Entry.supervisor)
            _ = fixture.access(.sw, at: data + 0xFFD)
        },
        Source(
            name: "second page of an instruction",
            cause: .instructionPageFault,
            value: data + 0x1000,
            epc: data + 0xFFE
        ) { fixture in
            fixture.tables.map(data, to: frame, Entry.supervisor)
            fixture.machine.load(at: frame + 0xFFE) { $0.half(0x0013) }
            fixture.machine.run(.supervisor, at: data + 0xFFE)
        },
    ]

    /// norm:scause norm:stval norm:stval_op_faulting_addr norm:stval_op_breakpoint norm:stval_op_load_store_fault
    /// norm:stval_faulting_address_variable_instr norm:stval_op_illegal_instr norm:stval_op_illegal_instr_format
    /// norm:stval_op_other_traps norm:sepc_op_trap_write norm:sstvala_stval_faulting_instruction
    /// norm:sstvala_stval_faulting_vaddr norm:sstatus_spp norm:sstatus_spie
    @Test(arguments: sources)
    func entry(_ source: Source) throws {
        for enable in [false, true] {
            let fixture = try SupervisorMachine()
            fixture.state.pointee.mstatus[.sie] = enable
            fixture.state.pointee.stval = 7
            source.provoke(fixture)
            let state = fixture.state.pointee
            #expect(state.scause == source.cause.rawValue)
            #expect(state.stval == source.value)
            #expect(state.sepc == source.epc)
            #expect(state.mstatus[.spp])
            #expect(state.mstatus[.spie] == enable)
            #expect(!state.mstatus[.sie])
            #expect(state.mode == .supervisor)
            #expect(state.pc == Self.code + 0x800)
            #expect(state.hstatus[.gva] == false)
        }
    }

    /// The same for a guest's own traps, where the hypervisor delegates them. norm:shvstvala_vstval_written
    /// norm:shtvala_htval_faulting_gpa
    @Test(arguments: [(UInt64(0x8000), UInt16(0x8000)), (0, 0)])
    func guestIllegalInstruction(value: UInt64, half: UInt16) throws {
        let fixture = try GuestMachine()
        fixture.machine.hart.writeCSR(.hedeleg, 1 << ExceptionCause.illegalInstruction.rawValue)
        fixture.machine.hart.writeCSR(.vstvec, GuestMachine.virtualCode + 8)
        fixture.state.pointee.vstval = 7
        fixture.run { program in
            program.half(half)
            program.half(0x0001)
            program.emit(.addi)
            program.emit(.ecall)
        }
        #expect(fixture.state.pointee.vscause == ExceptionCause.illegalInstruction.rawValue)
        #expect(fixture.state.pointee.vstval == value)
        fixture.guest.unmap(GuestMachine.data)
        fixture.access(.lb, at: GuestMachine.virtualData + 0x124)
        #expect(fixture.state.pointee.htval == (GuestMachine.data + 0x124) >> 2)
    }

    /// BASE of four bytes' alignment in both modes, in `stvec` and `vstvec`. norm:stvec norm:stvec_op
    /// norm:stvec_img norm:stvec_sz_base norm:sstvecd_stvec_mode_direct norm:sstvecd_stvec_base_aligned_address
    /// norm:shvstvecd_vstvec_mode_direct norm:shvstvecd_vstvec_base_aligned_address
    @Test(arguments: [CSRAddress.stvec, .vstvec], [false, true])
    func vectors(register: CSRAddress, isVectored: Bool) throws {
        for base in [TestMachine.base + 0x1000, TestMachine.base + 0x1004, TestMachine.base + 0x17FC] {
            for cause in [InterruptCause.supervisorSoftware, .supervisorTimer, .supervisorExternal] {
                let machine = try TestMachine()
                machine.hart.writeCSR(register, base | (isVectored ? 1 : 0))
                #expect(machine.hart.readCSR(register) == base | (isVectored ? 1 : 0))
                machine.load(at: TestMachine.base + 0x1000) { program in
                    for _ in 0..<0x240 { program.emit(.jal) }
                }
                machine.load { $0.emit(.jal) }
                let isGuest = register == .vstvec
                if isGuest {
                    machine.hart.writeCSR(.hideleg, ~0)
                    machine.hart.writeCSR(.hie, ~0)
                    machine.hart.writeCSR(.hvip, cause.mask << 1)
                } else {
                    machine.hart.writeCSR(.mie, cause.mask)
                    machine.hart.writeCSR(.mip, cause.mask)
                }
                machine.run(isGuest ? .virtualUser : .user, at: TestMachine.base, instructions: 2)
                #expect(machine.state.pointee.mode == (isGuest ? .virtualSupervisor : .supervisor))
                #expect(machine.state.pointee.pc == base + (isVectored ? cause.rawValue * 4 : 0))
                let code = isGuest ? machine.state.pointee.vscause : machine.state.pointee.scause
                #expect(code == InterruptCause.causeFlag | cause.rawValue)
            }
        }
    }

    /// SEI, SSI, STI, LCOFI; each needs its bit in `sip` and `sie`, and SIE in HS. norm:sip_sie_priority_bit_order
    /// norm:sie_sip_supervisor_strap norm:sstatus_sie norm:sip_sie norm:sip_sie_Sscofpmf norm:s_interrupt_priority
    @Test(arguments: [PrivilegeMode.supervisor, .user])
    func interrupts(mode: PrivilegeMode) throws {
        let machine = try TestMachine(extensions: privilegedExtensions)
        machine.load { program in
            for _ in 0..<8 { program.emit(.addi) }
            program.emit(.ebreak)
        }
        let all: UInt64 = 0x2222
        machine.hart.writeCSR(.mip, all)
        #expect(machine.hart.readCSR(.sip) == all)
        machine.run(mode, at: TestMachine.base)
        #expect(machine.state.pointee.scause == ExceptionCause.breakpoint.rawValue, "nothing enabled")
        machine.hart.writeCSR(.sie, ~0)
        #expect(machine.hart.readCSR(.sie) == all)
        machine.state.pointee.mstatus[.sie] = false
        machine.run(mode, at: TestMachine.base)
        let isOpen = mode == .user
        #expect((machine.state.pointee.scause >> 63 != 0) == isOpen)
        for code in [UInt64(9), 1, 5, 13] {
            machine.state.pointee.mstatus[.sie] = true
            machine.run(mode, at: TestMachine.base)
            #expect(machine.state.pointee.scause == InterruptCause.causeFlag | code)
            #expect(machine.state.pointee.sepc == TestMachine.base)
            machine.state.pointee.mie &= ~(1 << code)
        }
        machine.run(mode, at: TestMachine.base)
        #expect(machine.state.pointee.scause == ExceptionCause.breakpoint.rawValue)
    }

    /// The conditions are looked at right after SRET and after writes to the registers that they depend on.
    /// norm:sie_sip_strap_time_constraint
    @Test(arguments: [CSRAddress.sstatus, .sie, .sip, nil])
    func takenAtOnce(_ register: CSRAddress?) throws {
        let machine = try TestMachine()
        let software = InterruptCause.supervisorSoftware.mask
        machine.hart.writeCSR(.sip, register == .sip ? 0 : software)
        machine.hart.writeCSR(.sie, register == .sie ? 0 : software)
        machine.hart.writeCSR(.sstatus, register == .sstatus || register == nil ? 0 : software)
        machine.state.pointee.mstatus[.spp] = true
        machine.state.pointee.mstatus[.spie] = register == nil
        machine.hart.writeCSR(.sepc, TestMachine.base + 4)
        machine[.a0] = software
        machine.load { program in
            if let register {
                program.emit(.csrrs, rs1: .a0, Int32(register.rawValue))
            } else {
                program.emit(.sret)
            }
            for _ in 0..<8 { program.emit(.addi, rd: .a1, rs1: .a1, 1) }
            program.emit(.ebreak)
        }
        machine[.a1] = 0
        machine.run(.supervisor, at: TestMachine.base)
        #expect(machine.state.pointee.scause == InterruptCause.causeFlag | 1)
        #expect(machine.state.pointee.sepc == TestMachine.base + 4)
        #expect(machine[.a1] == 0)
    }

    /// SSIP and LCOFIP can be written in `sip`; SEIP and STIP are the environment's. norm:sip_acc norm:sip_op
    /// norm:sie_acc norm:sip_ssip_sie_ssie norm:sip_seip_sie_seie norm:sip_stip_sie_stie norm:sip_sie_warl
    /// norm:sip_sie_bits_sz norm:std_super_intr_impl
    @Test(arguments: [false, true])
    func pendingBits(hasOverflow: Bool) throws {
        let test = try TestHart.open(
            hasOverflow ? privilegedExtensions : fullExtensions,
            in: .supervisor
        )
        test.hart.writeCSR(.menvcfg, 0)
        let own: UInt64 = hasOverflow ? 0x2002 : 0x2
        #expect(test.write(.sie, ~0) == nil)
        #expect(test.read(.sie) == own | 0x220)
        #expect(test.write(.sip, ~0) == nil)
        #expect(test.read(.sip) == own)
        test.hart.writeCSR(.mip, ~0)
        #expect(test.write(.sip, 0) == nil)
        #expect(test.read(.sip) == 0x220)
        #expect(test.write(.sie, 0) == nil)
        #expect(test.read(.sie) == 0)
    }

    /// norm:mip_stip_stimecmp_op2 norm:mip_stip_stimecmp_clr
    /// STIP is `stimecmp` against `time`, and nothing else, with Sstc. norm:mip_sip_stip_op norm:sip_stip_sie_stie
    /// norm:stimecmp_stimecmph_sz_acc norm:supervisor_timer_scheduling norm:stimecmp_exist norm:vstimecmp_exist
    /// norm:stce_bit_exist norm:sstc_vs_facility
    @Test func timer() throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        #expect(machine.hart.readCSR(.henvcfg) == Flag<EnvironmentConfiguration>.stce.mask)
        machine.clock.advance(byNanoseconds: 500 * Timebase.nanosecondsPerTick)
        let now = machine.hart.time
        let timer = InterruptCause.supervisorTimer.mask
        for (compare, isPosted) in [(now, true), (now + 1, false), (0, true), (~0, false), (1 << 63, false)] {
            machine.hart.writeCSR(.stimecmp, compare)
            #expect(machine.hart.readCSR(.stimecmp) == compare)
            #expect(machine.hart.readCSR(.sip) == (isPosted ? timer : 0))
            #expect(machine.hart.readCSR(.mip) == (isPosted ? timer : 0))
            machine.hart.writeCSR(.mip, isPosted ? 0 : ~0)
            machine.hart.writeCSR(.sip, isPosted ? 0 : ~0)
            #expect(machine.hart.readCSR(.sip) & timer == (isPosted ? timer : 0))
            machine.hart.writeCSR(.mip, 0)
        }
        machine.hart.writeCSR(.vstimecmp, ~0)
        machine.hart.writeCSR(.stimecmp, now)
        machine.hart.writeCSR(.sie, timer)
        machine.load { $0.emit(.ebreak) }
        machine.run(.virtualSupervisor, at: TestMachine.base)
        #expect(machine.state.pointee.scause == InterruptCause.causeFlag | 5)
    }
}
