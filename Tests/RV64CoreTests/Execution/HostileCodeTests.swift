import Platform
import Testing

@testable import RV64Core

/// Random code over random page tables and random CSRs, in every mode: whatever it does, it happens to the guest.
@Suite(.timeLimit(.minutes(2))) struct HostileCodeTests {
    private static let codeBytes: UInt64 = 0x2_0000
    private static let tables = TestMachine.base + codeBytes
    private static let tableBytes: UInt64 = 0x2_0000

    /// The CSRs that such a run writes with anything at all; M's trap vectors lead back into the code.
    private static let registers: [CSRAddress] = [
        .mstatus, .medeleg, .mideleg, .mie, .mip, .menvcfg, .hstatus, .hedeleg, .hideleg, .hvip, .hgeie, .henvcfg,
        .vsstatus, .htimedelta, .vstimecmp, .stimecmp, .sstatus, .fcsr, .mcounteren, .hcounteren, .scounteren,
    ]

    /// An instruction of the table with random operands, a random compressed pair, or noise.
    private static func word(_ random: inout RandomNumbers) -> UInt32 {
        let bits = UInt32(truncatingIfNeeded: random.next())
        switch random.next() % 8 {
        case 0: return bits
        case 1: return bits & ~0x0001_0001
        default:
            let row = InstructionTable.rows[Int(random.next() % UInt64(InstructionTable.rows.count))]
            return row.pattern.match | (bits & ~row.pattern.mask)
        }
    }

    /// A page-table entry that is often good: into RAM, with random permissions.
    private static func entry(_ random: inout RandomNumbers) -> UInt64 {
        let page = random.next() % ((codeBytes + tableBytes) >> 12)
        let flags = random.next()
        let isPointer = flags & 0x300 == 0
        let target = isPointer ? tables + (page << 12) % tableBytes : TestMachine.base + page << 12
        let low = isPointer ? Entry.v : flags & 0xFF | Entry.v
        return Entry.leaf(target, low) | (flags & 0xF000 == 0 ? flags & 0xFFC0_0000_0000_0000 : 0)
    }

    private static func address(_ random: inout RandomNumbers) -> UInt64 {
        let value = random.next()
        switch value % 5 {
        case 0: return TestMachine.base + (value >> 8) % (codeBytes + tableBytes)
        case 1: return (value >> 8) % 0x40_0000
        case 2: return TestMachine.base &- 8 &+ (value >> 8) % 16
        case 3: return TestMachine.base + TestMachine.size - 8 + (value >> 8) % 16
        default: return value
        }
    }

    private static func shake(_ machine: TestMachine, _ random: inout RandomNumbers) {
        for _ in 0..<4 {
            let register = registers[Int(random.next() % UInt64(registers.count))]
            machine.hart.writeCSR(register, random.next())
        }
        let root = (tables >> 12) + random.next() % 8
        let mode = [0, 8, 9, 10][Int(random.next() % 4)] as UInt64
        machine.hart.writeCSR(.satp, mode << 60 | root)
        machine.hart.writeCSR(.vsatp, (random.next() % 2 == 0 ? 0 : mode) << 60 | root)
        machine.hart.writeCSR(.hgatp, (random.next() % 4 == 0 ? mode : 0) << 60 | root)
        for vector in [CSRAddress.mtvec, .stvec, .vstvec, .mepc, .sepc, .vsepc] {
            machine.hart.writeCSR(vector, TestMachine.base + random.next() % codeBytes)
        }
        for register in 1..<32 where random.next() % 2 == 0 { machine.state.pointee.x[register] = address(&random) }
    }

    @Test(arguments: UInt64(0)..<12)
    func anythingGoes(seed: UInt64) throws {
        var random = RandomNumbers(state: seed)
        let machine = try TestMachine(hosted: seed % 3 == 0 ? .bare : .virtualized)
        for offset in stride(from: 0, to: Self.codeBytes, by: 8) {
            machine.write(UInt64(Self.word(&random)) << 32 | UInt64(Self.word(&random)), at: TestMachine.base + offset)
        }
        for offset in stride(from: 0, to: Self.tableBytes, by: 8) {
            machine.write(Self.entry(&random), at: Self.tables + offset)
        }
        var retired: UInt64 = 0
        for _ in 0..<200 {
            Self.shake(machine, &random)
            if random.next() % 16 == 0 { machine.openProtection() }
            let mode = PrivilegeMode.allCases[Int(random.next() % 5)]
            let before = machine.state.pointee.retired
            let exit = machine.run(mode, at: Self.address(&random) & ~1, instructions: 200)
            #expect(machine.state.pointee.x[0] == 0)
            retired &+= machine.state.pointee.retired &- before
            guard case .hosted(let target) = exit else { continue }
            #expect(target == .machine || target == .supervisor)
            if random.next() % 2 == 0 {
                machine.hart.returnFromSupervisorTrap()
                machine.hart.inject(Trap(.loadPageFault, value: random.next()))
                _ = try? machine.hart.readGuest(Self.address(&random), .double)
            }
            _ = machine.hart.run(instructions: 200)
            machine.clock.advance(byNanoseconds: 1000)
        }
        #expect(retired > 0)
    }
}

/// SplitMix64.
private struct RandomNumbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
