import Platform
import Testing

@testable import RV64Core

@Suite("Counters")
struct CounterTests {
    /// Executes an instruction and lets it retire, as the run loop does.
    private func step(_ test: TestHart, _ opcode: Opcode, _ address: CSRAddress, rd: UInt8 = 32, rs1: UInt8 = 0) {
        #expect(test.execute(opcode, address, rd: rd, rs1: rs1) == nil)
        test.state.pointee.retired &+= 1
    }

    @Test(
        "norm:mcycle_minstret_wr norm:mcycle_op norm:minstret_op: a written value is what the next instruction reads",
        arguments: [CSRAddress.mcycle, .minstret]
    )
    func writeThenRead(_ address: CSRAddress) throws {
        let test = try TestHart()
        test.state.pointee.retired = 1000
        test.hart.x[5] = ~0
        step(test, .csrrw, address, rs1: 5)
        step(test, .csrrs, address, rd: 6)
        step(test, .csrrs, address, rd: 7)
        #expect(test.hart.x[6] == ~0)
        #expect(test.hart.x[7] == 0)
    }

    @Test("norm:mcountinhibit_op2: an inhibited counter keeps its value, and goes on from it")
    func inhibit() throws {
        let test = try TestHart()
        test.state.pointee.retired = 100
        #expect(test.hart.readCSR(.minstret) == 100)
        step(test, .csrrwi, .mcountinhibit, rs1: 0b101)
        test.state.pointee.retired &+= 50
        // The inhibiting instruction itself was counted.
        #expect(test.hart.readCSR(.minstret) == 101)
        #expect(test.hart.readCSR(.mcycle) == 101)
        test.hart.x[5] = 7
        step(test, .csrrw, .minstret, rs1: 5)
        #expect(test.hart.readCSR(.minstret) == 7)
        step(test, .csrrwi, .mcountinhibit)
        #expect(test.hart.readCSR(.minstret) == 7)
        test.state.pointee.retired &+= 3
        #expect(test.hart.readCSR(.minstret) == 10)
        #expect(test.hart.readCSR(.cycle) == 104)
    }

    @Test("norm:cycle_instret_hpmcounter_op_rdonly: shadows")
    func shadows() throws {
        let hart = try TestHart().hart
        hart.state.pointee.retired = 40
        hart.writeCSR(.mhpmcounter3, 11)
        hart.writeCSR(.mhpmcounter31, 13)
        #expect(hart.readCSR(.cycle) == 40)
        #expect(hart.readCSR(.instret) == 40)
        #expect(hart.readCSR(.hpmcounter3) == 11)
        #expect(hart.readCSR(.hpmcounter31) == 13)
        #expect(hart.state.pointee.counter[3] == 11)
    }

    @Test("norm:htimedelta_sz_acc_op: time in a guest is shifted, and wraps", arguments: PrivilegeMode.allCases)
    func timeDelta(_ mode: PrivilegeMode) throws {
        let test = try TestHart()
        test.clock.advance(byNanoseconds: 10 * Timebase.nanosecondsPerTick)
        test.hart.writeCSR(.htimedelta, ~0)
        test.state.pointee.mode = mode
        #expect(test.hart.readCSR(.time) == (mode.isVirtual ? 9 : 10))
    }
}
