import Testing

@testable import RV64Core

/// Sscofpmf: programmable counters, their filters and their overflows.
@Suite struct EventCounterTests {
    private static let event3 = CSRAddress.mhpmevent3
    private static let counter3 = CSRAddress.mhpmcounter3
    private static let pending = InterruptCause.counterOverflow.mask

    private func hart(_ extensions: ExtensionSet = privilegedExtensions) throws -> Hart {
        let hart = try TestHart(extensions).hart
        hart.state.pointee.retired = 1000
        return hart
    }

    /// Unknown selectors become "no event". norm:mhpmevent_sz_warl_op norm:mhpmevent_enc
    @Test func selectors() throws {
        let hart = try hart()
        for event in HardwareEvent.allCases {
            for (number, value) in [(3, event.selector), (31, event.selector | 0xFC00_0000_0000_0000)] {
                let address = CSRAddress.mhpmevent3.advanced(by: number - 3)
                hart.writeCSR(address, value)
                #expect(hart.readCSR(address) == value)
            }
            #expect(HardwareEvent(selector: event.selector) == event)
        }
        hart.writeCSR(Self.event3, ~0)
        #expect(hart.readCSR(Self.event3) == 0xFC00_0000_0000_0000)
        hart.writeCSR(Self.event3, 3)
        #expect(hart.readCSR(Self.event3) == 0)
    }

    /// The bits of absent modes, and all of them without the extension, are read-only zero.
    @Test func absentFields() throws {
        let withoutHypervisor = try hart([.i, .zicsr, .sscofpmf])
        withoutHypervisor.writeCSR(Self.event3, ~0)
        #expect(withoutHypervisor.readCSR(Self.event3) == 0xF000_0000_0000_0000)
        let withoutOverflow = try hart(privilegedExtensions.subtracting([.sscofpmf, .shlcofideleg]))
        withoutOverflow.writeCSR(Self.event3, ~0xFF | 2)
        #expect(withoutOverflow.readCSR(Self.event3) == 0)
        withoutOverflow.writeCSR(Self.event3, 2)
        withoutOverflow.writeCSR(Self.counter3, ~0)
        withoutOverflow.state.pointee.retired += 5
        withoutOverflow.synchronizeCounters()
        #expect(withoutOverflow.readCSR(Self.counter3) == 4)
        #expect(withoutOverflow.readCSR(Self.event3) == 2)
        #expect(withoutOverflow.readCSR(.mip) & Self.pending == 0)
        #expect(withoutOverflow.decideAccess(to: .scountovf, .read, from: .machine) == .illegalInstruction)
    }

    /// Cycles and instructions advance with what retires; another selector keeps the value.
    @Test(arguments: [HardwareEvent.cycles, .instructions])
    func instructions(event: HardwareEvent) throws {
        let hart = try hart()
        hart.writeCSR(Self.counter3, 5)
        hart.state.pointee.retired += 7
        #expect(hart.readCSR(Self.counter3) == 5)
        hart.writeCSR(Self.event3, event.selector)
        hart.state.pointee.retired += 7
        #expect(hart.readCSR(Self.counter3) == 12)
        #expect(hart.readCSR(.hpmcounter3) == 12)
        hart.writeCSR(Self.counter3, 100)
        hart.state.pointee.retired += 1
        #expect(hart.readCSR(Self.counter3) == 101)
        hart.writeCSR(.mcountinhibit, 8)
        hart.state.pointee.retired += 50
        #expect(hart.readCSR(Self.counter3) == 101)
        hart.writeCSR(.mcountinhibit, 0)
        hart.state.pointee.retired += 1
        #expect(hart.readCSR(Self.counter3) == 102)
        hart.writeCSR(Self.event3, 0)
        hart.state.pointee.retired += 50
        #expect(hart.readCSR(Self.counter3) == 102)
    }

    /// Every other event, one at a time: its counter moves, and no other.
    @Test(arguments: HardwareEvent.allCases)
    func events(event: HardwareEvent) throws {
        let hart = try hart()
        hart.writeCSR(Self.event3, event.selector)
        for other in HardwareEvent.allCases { hart.count(other) }
        let isCounted = ![.noEvent, .cycles, .instructions].contains(event)
        #expect(hart.readCSR(Self.counter3) == (isCounted ? 1 : 0))
        hart.writeCSR(.mcountinhibit, 8)
        hart.count(event)
        #expect(hart.readCSR(Self.counter3) == (isCounted ? 1 : 0))
    }

    /// norm:mhpmevent_inh_op, for what retires and for what happens.
    @Test(arguments: PrivilegeMode.allCases)
    func filters(mode: PrivilegeMode) throws {
        let hart = try hart()
        let bits: [PrivilegeMode: UInt64] = [
            .machine: 62, .supervisor: 61, .user: 60, .virtualSupervisor: 59, .virtualUser: 58,
        ]
        let bit = UInt64(1) << (bits[mode] ?? 0)
        hart.writeCSR(Self.event3, HardwareEvent.instructions.selector | bit)
        hart.writeCSR(Self.event3.advanced(by: 1), HardwareEvent.exception.selector | bit)
        for current in PrivilegeMode.allCases {
            hart.state.pointee.mode = current
            hart.updateCountersForMode()
            hart.state.pointee.retired += 10
            hart.count(.exception)
        }
        #expect(hart.readCSR(Self.counter3) == 40)
        #expect(hart.readCSR(Self.counter3.advanced(by: 1)) == 4)
    }

    /// norm:mhpmevent_of_bit_set norm:mip_lcofip_op2
    /// OF is sticky, the counter goes on, one interrupt. norm:mhpmevent_of_op norm:hpmcounter_overflow
    /// norm:count_overflow_interrupt norm:LCOFIP_op norm:mip_lcofip_op2
    @Test(arguments: [HardwareEvent.instructions, .pageTableWalk])
    func overflow(event: HardwareEvent) throws {
        let hart = try hart()
        func happen(_ count: UInt64) {
            if event == .instructions {
                hart.state.pointee.retired += count
                hart.synchronizeCounters()
            } else {
                for _ in 0..<count { hart.count(event) }
            }
        }
        hart.writeCSR(Self.event3, event.selector)
        hart.writeCSR(Self.counter3, ~0 - 2)
        happen(2)
        #expect(hart.readCSR(Self.event3) == event.selector)
        #expect(hart.readCSR(.mip) & Self.pending == 0)
        happen(1)
        #expect(hart.readCSR(Self.event3) == event.selector | 1 << 63)
        #expect(hart.readCSR(.mip) & Self.pending != 0)
        #expect(hart.readCSR(.scountovf) == 8)
        happen(4)
        #expect(hart.readCSR(Self.counter3) == 4)
        // With OF set there is no further request.
        hart.writeCSR(.mip, 0)
        #expect(hart.readCSR(.mip) & Self.pending == 0)
        hart.writeCSR(Self.counter3, ~0)
        happen(2)
        #expect(hart.readCSR(.mip) & Self.pending == 0)
        // Cleared and set up anew, it asks again.
        hart.writeCSR(Self.event3, event.selector)
        hart.writeCSR(Self.counter3, ~0)
        happen(1)
        #expect(hart.readCSR(.mip) & Self.pending != 0)
    }

    /// norm:count_overflow_trigger: a write of zero, or of a value behind the one before, is none.
    @Test(arguments: [UInt64(0), 1, 500, 1500, 1 << 63])
    func writesDoNotOverflow(value: UInt64) throws {
        let hart = try hart()
        hart.writeCSR(Self.event3, HardwareEvent.instructions.selector)
        hart.writeCSR(Self.counter3, ~0 - 10)
        hart.state.pointee.retired += 5
        hart.writeCSR(Self.counter3, value)
        hart.state.pointee.retired += 100
        hart.synchronizeCounters()
        #expect(hart.readCSR(Self.counter3) == value + 100)
        #expect(hart.readCSR(Self.event3) >> 63 == 0)
        #expect(hart.readCSR(.mip) & Self.pending == 0)
    }

    /// Two counters at different distances: each sets its own OF in its turn.
    @Test func severalOverflows() throws {
        let hart = try hart()
        for (offset, distance) in [(0, UInt64(20)), (5, 10), (28, 30)] {
            hart.writeCSR(Self.event3.advanced(by: offset), HardwareEvent.cycles.selector)
            hart.writeCSR(Self.counter3.advanced(by: offset), 0 &- distance)
        }
        for expected: UInt64 in [0, 1 << 8, 1 << 8 | 1 << 3, 1 << 8 | 1 << 3 | 1 << 31] {
            hart.synchronizeCounters()
            #expect(hart.readCSR(.scountovf) == expected)
            hart.state.pointee.retired += 10
        }
    }

    /// norm:scountovf_op norm:scountovf_smode_read_access_control
    /// norm:scountovf_mmode_read_access norm:scountovf_smode_read_access norm:scountovf_vsmode_read_access
    @Test func overflowVisibility() throws {
        let hart = try hart()
        for number in 3..<32 {
            hart.writeCSR(CSRAddress.mcountinhibit.advanced(by: number), 1 << 63)
        }
        hart.writeCSR(.mcounteren, 0x0FF0_00FF)
        hart.writeCSR(.hcounteren, 0xFF00_000F)
        let expected: [PrivilegeMode: UInt64] = [
            .machine: 0xFFFF_FFF8, .supervisor: 0x0FF0_00F8, .virtualSupervisor: 0x0F00_0008,
        ]
        for (mode, value) in expected {
            hart.state.pointee.mode = mode
            #expect(hart.readCSR(.scountovf) == value)
            #expect(hart.decideAccess(to: .scountovf, .read, from: mode) == .allowed(.scountovf))
            #expect(hart.decideAccess(to: .scountovf, .write, from: mode) == .illegalInstruction)
        }
        #expect(hart.decideAccess(to: .scountovf, .read, from: .user) == .illegalInstruction)
        #expect(hart.decideAccess(to: .scountovf, .read, from: .virtualUser) == .virtualInstruction)
    }

    /// norm:vsip_vsie_lcofi, norm:hideleg_acc, norm:mideleg_hroz
    @Test func guestDelegation() throws {
        let hart = try hart()
        hart.writeCSR(.mideleg, 0)
        hart.writeCSR(.hideleg, ~0)
        #expect(hart.readCSR(.hideleg) == 0x444)
        hart.writeCSR(.mideleg, ~0)
        hart.writeCSR(.hideleg, ~0)
        #expect(hart.readCSR(.hideleg) == 0x2444)
        for (machine, hypervisor) in [(false, false), (true, false), (false, true), (true, true)] {
            hart.writeCSR(.mideleg, machine ? Self.pending : 0)
            hart.writeCSR(.mip, Self.pending)
            hart.writeCSR(.mie, Self.pending)
            hart.writeCSR(.hideleg, hypervisor ? Self.pending : 0)
            #expect(hart.readCSR(.sip) == (machine ? Self.pending : 0))
            #expect(hart.readCSR(.vsip) == (machine && hypervisor ? Self.pending : 0))
            #expect(hart.readCSR(.vsie) == (machine && hypervisor ? Self.pending : 0))
            hart.writeCSR(.vsip, 0)
            hart.writeCSR(.vsie, 0)
            #expect(hart.readCSR(.mip) == (machine && hypervisor ? 0 : Self.pending))
            #expect(hart.readCSR(.mie) == (machine && hypervisor ? 0 : Self.pending))
        }
        let without = try self.hart(privilegedExtensions.subtracting([.shlcofideleg]))
        without.writeCSR(.hideleg, ~0)
        #expect(without.readCSR(.hideleg) == 0x444)
    }
}

/// The same through programs.
@Suite struct EventCountingTests {
    private func machine() throws -> TestMachine {
        try TestMachine(extensions: privilegedExtensions)
    }

    private func count(_ event: HardwareEvent, in machine: TestMachine, filters: UInt64 = 0) {
        machine.hart.writeCSR(.mhpmcounter3, 0)
        machine.hart.writeCSR(.mhpmevent3, event.selector | filters)
    }

    /// Overflow after an exact number of instructions becomes an interrupt to HS, and in a guest to VS.
    @Test(arguments: [PrivilegeMode.supervisor, .virtualSupervisor])
    func overflowInterrupts(mode: PrivilegeMode) throws {
        let machine = try machine()
        let hart = machine.hart
        machine.load { program in
            for _ in 0..<64 { program.emit(.addi, rd: .a0, rs1: .a0, 1) }
            program.loop(.jal, to: 0)
        }
        hart.writeCSR(.mie, InterruptCause.counterOverflow.mask)
        hart.writeCSR(.vstvec, TestMachine.base + 0x1000)
        machine.load(at: TestMachine.base + 0x1000) { $0.emit(.ecall) }
        if mode.isVirtual { hart.writeCSR(.hideleg, InterruptCause.counterOverflow.mask) }
        machine.state.pointee.mstatus[.sie] = true
        machine.state.pointee.vsstatus[.sie] = true
        hart.writeCSR(.mhpmevent3, HardwareEvent.instructions.selector)
        hart.writeCSR(.mhpmcounter3, 0 &- 20_000)
        #expect(machine.run(mode, at: TestMachine.base, instructions: 100_000) == .hosted(.supervisor))
        let cause = InterruptCause.causeFlag | InterruptCause.counterOverflow.rawValue
        let state = machine.state.pointee
        #expect((mode.isVirtual ? state.vscause : state.scause) == cause)
        // Give or take one block of 64.
        #expect((20_000...20_200).contains(state.retired))
        #expect(hart.readCSR(.mhpmevent3) >> 63 == 1)
    }

    /// A guest that reads its own counter, under a filter for every other mode.
    @Test func guestReadsItsInstructions() throws {
        let machine = try machine()
        machine.load { program in
            program.read(.hpmcounter3, into: .a0)
            for _ in 0..<10 { program.emit(.addi, rd: .a2, rs1: .a2, 1) }
            program.read(.hpmcounter3, into: .a1)
            program.emit(.ecall)
        }
        count(.instructions, in: machine, filters: 0xF << 59)
        #expect(machine.run(.virtualUser, at: TestMachine.base) == .hosted(.supervisor))
        #expect(machine[.a0] == 0)
        #expect(machine[.a1] == 11)
    }

    /// Misses, walks, exits and decoded blocks of a guest with paging.
    @Test func slowPaths() throws {
        let expected: [HardwareEvent: ClosedRange<UInt64>] = [
            .loadTranslationMiss: 2...2, .storeTranslationMiss: 0...0, .fetchTranslationMiss: 1...3,
            .pageTableWalk: 3...60, .exception: 1...1, .interrupt: 0...0, .guestExit: 1...1, .blockDecoded: 1...3,
        ]
        for (event, range) in expected {
            let machine = try machine()
            let tables = try PageTables(machine, mode: 8, at: TestMachine.base + 0x10_0000, isGuestStage: false)
            for page in UInt64(0)..<4 {
                let address = TestMachine.base + page << 12
                tables.map(address, to: address, Entry.supervisor)
            }
            machine.load { program in
                program.emit(.ld, rd: .a2, rs1: .a0)
                program.emit(.ld, rd: .a2, rs1: .a0, 8)
                program.emit(.ld, rd: .a2, rs1: .a1)
                program.emit(.ecall)
            }
            machine[.a0] = TestMachine.base + 0x1000
            machine[.a1] = TestMachine.base + 0x2000
            machine.hart.writeCSR(.vsatp, tables.register())
            count(event, in: machine)
            #expect(machine.run(.virtualSupervisor, at: TestMachine.base) == .hosted(.supervisor))
            #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
            #expect(range.contains(machine.hart.readCSR(.mhpmcounter3)), "\(event)")
        }
    }
}
