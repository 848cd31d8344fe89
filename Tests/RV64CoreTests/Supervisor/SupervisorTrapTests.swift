import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Traps from U-mode and S-mode into S-mode: what the registers hold afterwards.
@Suite struct SupervisorTrapTests {
    typealias Fixture = SupervisorPagingTests.Fixture

    /// An instruction, and what it leaves in `scause` and `stval`; the offset is from the instruction.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: [UInt16]
        let cause: ExceptionCause
        let value: Value
        enum Value: Sendable {
            case instruction(UInt64)
            case address
            case zero
            case register
        }
    }

    private static func halves(_ word: UInt32) -> [UInt16] { [UInt16(word & 0xFFFF), UInt16(word >> 16)] }

    static let cases = [
        Case(testDescription: "ecall", words: halves(0x73), cause: .environmentCallFromU, value: .zero),
        Case(testDescription: "ebreak", words: halves(0x10_0073), cause: .breakpoint, value: .address),
        Case(testDescription: "c.ebreak", words: [0x9002], cause: .breakpoint, value: .address),
        Case(
            testDescription: "32 illegal bits",
            words: halves(0xFFFF_FFFB),
            cause: .illegalInstruction,
            value: .instruction(0xFFFF_FFFB)
        ),
        Case(testDescription: "16 illegal bits", words: [0x0000], cause: .illegalInstruction, value: .instruction(0)),
        Case(testDescription: "c.addi4spn", words: [0x0004], cause: .illegalInstruction, value: .instruction(4)),
        Case(
            testDescription: "a CSR that is not there",
            words: halves(ProgramBuilder.encode(.csrrs, rd: .a1, 0x7C0)),
            cause: .illegalInstruction,
            value: .instruction(UInt64(ProgramBuilder.encode(.csrrs, rd: .a1, 0x7C0)))
        ),
        Case(
            testDescription: "load",
            words: halves(ProgramBuilder.encode(.lw, rd: .a1, rs1: .a0)),
            cause: .loadPageFault,
            value: .register
        ),
        Case(testDescription: "c.sd", words: [0xE10C], cause: .storePageFault, value: .register),
        Case(
            testDescription: "a misaligned AMO",
            words: halves(ProgramBuilder.encode(.amoaddD, rd: .a1, rs1: .a3)),
            cause: .storeAddressMisaligned,
            value: .register
        ),
    ]

    /// norm:sstatus_spp norm:sstatus_spie norm:sstatus_sie norm:sepc_op_trap_write norm:scause norm:stval
    /// norm:stval_op_breakpoint norm:stval_op_illegal_instr norm:stval_op_illegal_instr_format
    /// norm:stval_op_other_traps norm:stval_op_faulting_addr norm:mstatus_xpie_xie_xpp_trap_op
    @Test(arguments: cases, [PrivilegeMode.user, .supervisor])
    func exceptions(exception: Case, mode: PrivilegeMode) throws {
        for enable in [false, true] {
            let fixture = try Fixture(8)
            fixture.machine[.a0] = 0x70_0000
            fixture.machine[.a3] = 0x70_0001
            fixture.state.pointee.mstatus[.sie] = enable
            fixture.state.pointee.mstatus[.spp] = mode == .user
            fixture.state.pointee.stval = 0x77
            fixture.run(mode) { program in for half in exception.words { program.half(half) } }
            let address = mode == .user ? Fixture.userCode : Fixture.code
            let isCall = exception.cause == .environmentCallFromU && mode == .supervisor
            let cause: ExceptionCause = isCall ? .environmentCallFromHS : exception.cause
            let value: UInt64 =
                switch exception.value {
                case .instruction(let bits): bits
                case .address: address
                case .zero: 0
                case .register: exception.cause == .storeAddressMisaligned ? 0x70_0001 : 0x70_0000
                }
            let state = fixture.state.pointee
            #expect(state.scause == cause.rawValue)
            #expect(state.stval == value)
            #expect(state.sepc == address)
            #expect(state.mstatus[.spp] == (mode == .supervisor))
            #expect(state.mstatus[.spie] == enable)
            #expect(!state.mstatus[.sie])
            #expect(state.mode == .supervisor)
        }
    }

    /// The part that faulted, where an access or an instruction lies across two pages.
    /// norm:stval_op_load_store_fault norm:stval_faulting_address_variable_instr
    @Test func partialFaults() throws {
        let fixture = try Fixture(8)
        let end: UInt64 = 0x61_0000
        fixture.tables.map(end - 0x1000, to: Fixture.frame, Entry.supervisor)
        #expect(fixture.access(.ld, end - 3) == .loadPageFault)
        #expect(fixture.state.pointee.stval == end)
        #expect(fixture.access(.sw, end - 1) == .storePageFault)
        #expect(fixture.state.pointee.stval == end)
        fixture.machine.load(at: Fixture.frame + 0xFFE) { $0.emit(.addi) }
        fixture.machine.hart.flushTranslations()
        fixture.machine.run(.supervisor, at: end - 2)
        #expect(fixture.state.pointee.scause == ExceptionCause.instructionPageFault.rawValue)
        #expect(fixture.state.pointee.sepc == end - 2)
        #expect(fixture.state.pointee.stval == end)
    }

    /// Which of several pending interrupts S-mode gets, and when.
    /// norm:sip_sie_priority_bit_order norm:sie_sip_supervisor_strap norm:s_interrupt_priority norm:scause_interrupt
    @Test(arguments: [PrivilegeMode.user, .supervisor, .machine])
    func interrupts(mode: PrivilegeMode) throws {
        let order: [InterruptCause] = [
            .supervisorExternal, .supervisorSoftware, .supervisorTimer, .counterOverflow,
        ]
        for enable in [false, true] {
            let fixture = try Fixture(8)
            let hart = fixture.machine.hart
            hart.writeCSR(.mideleg, ~0)
            hart.writeCSR(.mip, ~0)
            for cause in order {
                let isTaken = mode == .user || mode == .supervisor && enable
                // Enabled one by one from the lowest up: each takes the place of those before.
                hart.writeCSR(.sie, 0)
                for lower in order.drop(while: { $0 != cause }) { hart.writeCSR(.sie, hart.readCSR(.sie) | lower.mask) }
                fixture.state.pointee.mstatus[.sie] = enable
                fixture.state.pointee.scause = 0
                if mode == .machine {
                    fixture.machine.load { $0.emit(.ebreak) }
                    hart.writeCSR(.medeleg, 0)
                    fixture.machine.run(.machine, at: TestMachine.base)
                } else {
                    fixture.run(mode) { $0.emit(.addi) }
                }
                let isInterrupt = fixture.state.pointee.scause == InterruptCause.causeFlag | cause.rawValue
                #expect(isInterrupt == isTaken, "\(cause)")
                if isTaken { #expect(fixture.state.pointee.stval == 0) }
            }
        }
    }

    /// A trap in S-mode never goes to a mode below, and SRET leaves for what SPP says. norm:mstatus_xret_op
    /// norm:mstatus_spp_sz
    @Test(arguments: [false, true], [false, true])
    func returns(toSupervisor: Bool, enable: Bool) throws {
        let fixture = try Fixture(8)
        let target = toSupervisor ? Fixture.code : Fixture.userCode
        fixture.state.pointee.mstatus[.spp] = toSupervisor
        fixture.state.pointee.mstatus[.spie] = enable
        fixture.state.pointee.mstatus[.mprv] = true
        fixture.state.pointee.sepc = target + 8
        fixture.run { program in
            program.emit(.sret)
            program.emit(.addi, rd: .a2, 1)
            program.emit(.addi, rd: .a3, 1)
        }
        #expect(fixture.machine[.a2] == 0)
        #expect(fixture.machine[.a3] == 1)
        #expect(fixture.state.pointee.mstatus[.spp] == toSupervisor, "that of the ECALL")
        #expect(fixture.state.pointee.mstatus[.spie] == enable, "the enable that SRET restored")
        // norm:mstatus_mprv_clr_mret_sret_less_priv
        #expect(!fixture.state.pointee.mstatus[.mprv])
    }

    /// What registers of S-mode hold. norm:sscratch norm:sepc_acc_invalid_addr norm:stval_acc norm:stvec_op
    /// norm:stvec_sz_base norm:scause_exception_code_sz norm:scause_exception_code_acc norm:sip_sie_bits_sz
    @Test func registers() throws {
        let hart = try TestHart(privilegedExtensions).hart
        for value in [0, 0x3F_FFFF_F000, 0xFFFF_FFC0_0000_0000, 1 << 63, 0x8000_0000] as [UInt64] {
            for address in [CSRAddress.sscratch, .sepc, .stval, .stvec] {
                hart.writeCSR(address, value)
                #expect(hart.readCSR(address) == value)
            }
        }
        for code in UInt64(0)..<32 {
            for flag in [0, InterruptCause.causeFlag] {
                hart.writeCSR(.scause, code | flag)
                #expect(hart.readCSR(.scause) == code | flag)
            }
        }
        // norm:sie_acc norm:sip_sie_warl norm:std_super_intr_impl norm:sip_seip_sie_seie norm:sip_stip_sie_stie
        // norm:sip_ssip_sie_ssie norm:sip_sie_Sscofpmf
        hart.writeCSR(.mideleg, ~0)
        hart.writeCSR(.sie, ~0)
        #expect(hart.readCSR(.sie) == 0x2222)
        hart.writeCSR(.mip, 0x2222)
        #expect(hart.readCSR(.sip) == 0x2222)
        hart.writeCSR(.sip, 0)
        #expect(hart.readCSR(.sip) == 0x220, "SEIP and STIP are read-only, SSIP and LCOFIP are not")
        hart.writeCSR(.sip, ~0)
        #expect(hart.readCSR(.sip) == 0x2222)
        // norm:sip_sie norm:sip_acc norm:sip_op
        let without = try TestHart(fullExtensions).hart
        without.writeCSR(.mideleg, ~0)
        without.writeCSR(.sie, ~0)
        #expect(without.readCSR(.sie) == 0x222)
    }

    /// `scounteren` holds back U-mode's reads alone. norm:scounteren_op norm:scounteren_acc
    @Test(arguments: [CSRAddress.cycle, .time, .instret, .hpmcounter3, .hpmcounter31])
    func counterEnables(address: CSRAddress) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        let bit: UInt64 = 1 << UInt64(address.index(from: .cycle))
        for (value, decision) in [(~bit, CSRDecision.illegalInstruction), (bit, .allowed(address))] {
            test.hart.writeCSR(.scounteren, value)
            #expect(test.hart.readCSR(.scounteren) == value & 0xFFFF_FFFF)
            #expect(test.hart.decideAccess(to: address, .read, from: .user) == decision)
            #expect(test.hart.decideAccess(to: address, .read, from: .supervisor) == .allowed(address))
        }
    }
}
