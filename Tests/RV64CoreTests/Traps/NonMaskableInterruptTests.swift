import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Smrnmi.
@Suite struct NonMaskableInterruptTests {
    private static let extensions = privilegedExtensions.subtracting([.smdbltrp])
    private static let interruptVector = TestMachine.base + 0x1000
    private static let exceptionVector = TestMachine.base + 0x2000

    /// A bare hart with its own RNMI vectors, at a loop in RAM.
    private func hart() throws -> (Hart, PhysicalMemory) {
        let memory = try PhysicalMemory(base: TestMachine.base, size: 1 << 16)
        let configuration = HartConfiguration(
            extensions: Self.extensions,
            nonMaskableVectors: NonMaskableVectors(interrupt: Self.interruptVector, exception: Self.exceptionVector)
        )
        let hart = Hart(configuration: configuration, memory: memory, bus: Bus(), clock: InstructionClock())
        hart.writeCSR(.pmpaddr0, ~0)
        hart.writeCSR(.pmpcfg0, 0x1F)
        hart.writeCSR(.mtvec, TestMachine.base + 0x3000)
        load(memory, TestMachine.base) { $0.loop(.jal, to: 0) }
        hart.state.pointee.pc = TestMachine.base
        return (hart, memory)
    }

    private func load(_ memory: PhysicalMemory, _ address: UInt64, _ build: (inout ProgramBuilder) -> Void) {
        var program = ProgramBuilder()
        build(&program)
        program.bytes.withUnsafeBytes { _ = memory.write($0, at: address) }
    }

    /// norm:mnscratch_acc norm:mnepc_sz norm:mnepc_acc norm:mnepc_warl norm:mnepc_ialign32 norm:mncause_img
    /// norm:mnstatus_img
    /// norm:Smrnmi_csrs norm:mnscratch_sz norm:mnepc_bit0 norm:mnstatus_nmie_set_clear norm:mnstatus_reserved
    /// norm:mnstatus_nmie_reset
    @Test func registers() throws {
        let hart = try TestHart(Self.extensions).hart
        #expect(hart.readCSR(.mnstatus) == 0)
        hart.writeCSR(.mnscratch, ~0)
        hart.writeCSR(.mnepc, ~0)
        hart.writeCSR(.mncause, ~0)
        hart.writeCSR(.mnstatus, ~0)
        #expect(hart.readCSR(.mnscratch) == ~0)
        #expect(hart.readCSR(.mnepc) == ~1)
        #expect(hart.readCSR(.mncause) == ~0)
        #expect(hart.readCSR(.mnstatus) == 0x1888)
        hart.writeCSR(.mnstatus, 0)
        #expect(hart.readCSR(.mnstatus) == 8)
        hart.writeCSR(.mnstatus, 0x800)
        hart.writeCSR(.mnstatus, 0x1000)
        #expect(hart.readCSR(.mnstatus) == 0x808, "no privilege mode is encoded as 2")
        let withoutHypervisor = try TestHart([.i, .zicsr, .smrnmi]).hart
        withoutHypervisor.writeCSR(.mnstatus, ~0)
        withoutHypervisor.writeCSR(.mnepc, ~0)
        #expect(withoutHypervisor.readCSR(.mnstatus) == 0x1808)
        #expect(withoutHypervisor.readCSR(.mnepc) == ~3)
    }

    @Test(arguments: [CSRAddress.mnscratch, .mnepc, .mncause, .mnstatus])
    func access(address: CSRAddress) throws {
        let hart = try TestHart(Self.extensions).hart
        let without = try TestHart().hart
        for mode in PrivilegeMode.allCases {
            let expected: CSRDecision = mode == .machine ? .allowed(address) : .illegalInstruction
            #expect(hart.decideAccess(to: address, .write, from: mode) == expected)
            #expect(without.decideAccess(to: address, .read, from: mode) == .illegalInstruction)
        }
    }

    /// norm:mncause_op norm:mncause_interrupt norm:mncause_interrupt_code norm:mnepc_op norm:mnstatus_mnpv_op
    /// norm:mnstatus_nmie_enable norm:rnmi_resume
    /// norm:rnmi_entry norm:rnmi_entry_cause norm:rnmi_entry_priv norm:rnmi_entry_nmie_clear norm:rnmi_enter_mmode
    /// norm:rnmi_not_disabled norm:rnmi_trap_addr norm:mnret_restore norm:mnret_mprv norm:mnstatus_mnpp_op
    @Test(arguments: PrivilegeMode.allCases)
    func entryAndReturn(mode: PrivilegeMode) throws {
        let (hart, memory) = try hart()
        let state = hart.state
        hart.writeCSR(.mnstatus, 8)
        load(memory, Self.interruptVector) { program in
            program.read(.mncause, into: .a0)
            program.read(.mnepc, into: .a1)
            program.read(.mnstatus, into: .a2)
            program.emit(.wfi)
            program.emit(.mnret)
        }
        state.pointee.mode = mode
        state.pointee.mstatus[.mprv] = true
        state.pointee.mepc = 5
        hart.nonMaskableLines.store(1 << 3, ordering: .releasing)
        #expect(hart.run(instructions: 4) == .budgetExhausted)
        #expect(state.pointee.mode == .machine)
        #expect(hart.x[10] == InterruptCause.causeFlag | 3)
        #expect(hart.x[11] == TestMachine.base)
        #expect(hart.x[12] == mode.nominal << 11 | (mode.isVirtual ? 1 << 7 : 0))
        #expect(state.pointee.mepc == 5)
        // WFI did not sleep: the signal is still there, whatever NMIE says. norm:mnstatus_wfi
        #expect(state.pointee.pc == Self.interruptVector + 16)
        hart.nonMaskableLines.store(0, ordering: .releasing)
        #expect(hart.run(instructions: 1) == .budgetExhausted)
        #expect(state.pointee.mode == mode)
        #expect(state.pointee.pc == TestMachine.base)
        #expect(state.pointee.mnstatus[.nmie])
        #expect(state.pointee.mstatus[.mprv] == (mode == .machine))
    }

    /// An RNMI is never an unexpected trap, and leaves MDT as it is. norm:trap_unexp_rnmi
    /// norm:mstatus_mdt_not_set_rnmi
    @Test(arguments: [PrivilegeMode.machine, .supervisor], [false, true])
    func doubleTrapBit(mode: PrivilegeMode, isSet: Bool) throws {
        let machine = try TestMachine(hosted: .bare, extensions: privilegedExtensions)
        machine.hart.writeCSR(.mtvec, TestMachine.base + 0x100)
        machine.hart.writeCSR(.mnstatus, 8)
        machine.load { $0.loop(.jal, to: 0) }
        machine.load(at: TestMachine.base + 0x100) { $0.loop(.jal, to: 0) }
        machine.state.pointee.mstatus[.mdt] = isSet
        machine.hart.nonMaskableLines.store(1 << 3, ordering: .releasing)
        #expect(machine.run(mode, at: TestMachine.base, instructions: 4) == .budgetExhausted)
        #expect(machine.state.pointee.mode == .machine)
        #expect(!machine.state.pointee.mnstatus[.nmie])
        #expect(machine.state.pointee.mstatus[.mdt] == isSet)
    }

    /// While NMIE is clear no interrupt is taken, not even another RNMI; one that waits comes after MNRET.
    /// norm:mnstatus_nmie_disable norm:rnmi_priority
    @Test func everythingIsOff() throws {
        let (hart, memory) = try hart()
        let state = hart.state
        load(memory, Self.interruptVector) { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.mnret)
        }
        load(memory, TestMachine.base + 0x3000) { $0.loop(.jal, to: 0) }
        hart.writeCSR(.mie, ~0)
        state.pointee.mstatus[.mie] = true
        hart.lines.pointee.store(InterruptCause.machineSoftware.mask, ordering: .releasing)
        hart.nonMaskableLines.store(1, ordering: .releasing)
        #expect(hart.run(instructions: 20) == .budgetExhausted)
        #expect(state.pointee.pc == TestMachine.base, "after reset")
        hart.writeCSR(.mnstatus, 8)
        #expect(hart.run(instructions: 1) == .budgetExhausted)
        #expect(state.pointee.mncause == InterruptCause.causeFlag, "the RNMI comes first")
        #expect(state.pointee.mcause == 0)
        hart.nonMaskableLines.store(0, ordering: .releasing)
        #expect(hart.run(instructions: 20) == .budgetExhausted)
        #expect(hart.x[10] == 1)
        #expect(state.pointee.mcause == InterruptCause.causeFlag | InterruptCause.machineSoftware.rawValue)
        #expect(state.pointee.mepc == TestMachine.base)
    }

    /// norm:rnmi_exception_nmie0 norm:rnmi_exc_trap_addr: from M-mode only, and only while NMIE is clear.
    @Test func exceptionVector() throws {
        for (mode, isEnabled, expected) in [
            (PrivilegeMode.machine, false, Self.exceptionVector), (.machine, true, TestMachine.base + 0x3000),
            (.supervisor, false, TestMachine.base + 0x3000),
        ] {
            let (hart, memory) = try hart()
            load(memory, TestMachine.base) { $0.word(0) }
            hart.state.pointee.mode = mode
            hart.state.pointee.mnstatus[.nmie] = isEnabled
            #expect(hart.run(instructions: 1) == .budgetExhausted)
            #expect(hart.state.pointee.pc == expected)
            #expect(hart.state.pointee.mepc == TestMachine.base)
            #expect(hart.state.pointee.mcause == ExceptionCause.illegalInstruction.rawValue)
            #expect(hart.state.pointee.mnstatus[.nmie] == isEnabled)
        }
    }

    /// norm:mnret_mode norm:mnret_exist
    @Test(arguments: PrivilegeMode.allCases)
    func returnInstruction(mode: PrivilegeMode) throws {
        for extensions in [Self.extensions, fullExtensions] {
            let machine = try TestMachine(extensions: extensions)
            machine.load { $0.emit(.mnret) }
            machine.state.pointee.mnepc = TestMachine.base + 0x40
            machine.state.pointee.mnstatus[.mnpp] = 3
            machine.load(at: TestMachine.base + 0x40) { $0.emit(.ebreak) }
            machine.run(mode, at: TestMachine.base)
            let isLegal = mode == .machine && extensions == Self.extensions
            let expected: ExceptionCause = isLegal ? .breakpoint : .illegalInstruction
            let state = machine.state.pointee
            #expect((mode == .machine ? state.mcause : state.scause) == expected.rawValue)
            #expect((mode == .machine ? state.mepc : state.sepc) == TestMachine.base + (isLegal ? 0x40 : 0))
        }
    }

    /// norm:mstatus_mdt_clr_mnret norm:sstatus_sdt_clr_mnret norm:vsstatus_sdt_clr_mnret
    @Test(arguments: PrivilegeMode.allCases)
    func returnAndDoubleTraps(target: PrivilegeMode) throws {
        let machine = try TestMachine(extensions: privilegedExtensions)
        let state = machine.state
        machine.hart.writeCSR(.menvcfg, ~0)
        machine.hart.writeCSR(.henvcfg, ~0)
        state.pointee.mstatus[.mdt] = true
        state.pointee.mstatus[.sdt] = true
        state.pointee.vsstatus[.sdt] = true
        state.pointee.mode = .machine
        state.pointee.mnstatus[.mnpp] = target.nominal
        state.pointee.mnstatus[.mnpv] = target.isVirtual
        machine.hart.returnFromNonMaskableInterrupt()
        #expect(state.pointee.mode == target)
        #expect(state.pointee.mstatus[.mdt] == (target == .machine))
        #expect(state.pointee.mstatus[.sdt] == [.machine, .supervisor].contains(target))
        #expect(state.pointee.vsstatus[.sdt] == (target != .virtualUser))
    }
}
