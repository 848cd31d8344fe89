import RV64Core

/// Makes programs from seeds.
struct ProgramSource {
    let extensions: ExtensionSet
    let modes: [PrivilegeMode]
    private let sources: [PrivilegeMode: InstructionSource]

    private static let translation: UInt64 = 60
    private static let spaceIdentifier: UInt64 = 44

    init(extensions: ExtensionSet, modes: [PrivilegeMode]) {
        self.extensions = extensions
        self.modes = modes
        sources = Dictionary(
            uniqueKeysWithValues: modes.map { ($0, InstructionSource(extensions: extensions, mode: $0)) }
        )
    }

    func program(seed: UInt64) -> TestProgram {
        var random = SeededRandom(seed: seed)
        var background = MemoryImage()
        for offset in stride(from: 0, to: (Layout.dataPages * 4096), by: 8) {
            background.write(random.chance(70) ? random.interesting() : random.floatBits(), at: Layout.data + offset)
        }
        let tables = PageTables.build(into: &background, random: &random)
        var cases: [TestCase] = []
        var size: UInt64 = 0
        while cases.count < Layout.caseLimit {
            let test = testCase(tables, &random)
            size += test.codeSize + 16
            guard size <= Layout.codeEnd - Layout.code else { break }
            cases.append(test)
        }
        return TestProgram(seed: seed, cases: cases, background: background)
    }

    private func testCase(_ tables: PageTables, _ random: inout SeededRandom) -> TestCase {
        let mode = random.pick(modes)
        var test = TestCase(mode: mode)
        setTranslation(of: &test, tables, &random)
        setStatus(of: &test, &random)
        setDelegation(of: &test, &random)
        for number in 1..<32 { test.x[number] = random.interesting() }
        for number in 0..<32 { test.f[number] = random.floatBits() }
        for number in InstructionSource.pointers { test.x[Int(number)] = address(for: test, &random) }
        guard let source = sources[mode] else { return test }
        let length = 20 + Int(random.below(120))
        let delegatesAll = test.fields[.mideleg] == 0x222
        while test.code.count < length { test.code += source.next(delegatesAll: delegatesAll, &random) }
        return test
    }

    /// Somewhere in the data, through one of the windows.
    private func address(for test: TestCase, _ random: inout SeededRandom) -> UInt64 {
        let offset = Layout.data - Layout.base + random.below(Layout.dataPages * 4096 - 512)
        let place = random.chance(85) ? offset & ~7 : offset
        let isUser = test.mode == .user || test.mode == .virtualUser
        let isMapped = test.fields[.entry] != Layout.base || test.mode == .supervisor || test.mode == .virtualSupervisor
        switch random.below(100) {
        case 0..<55: return (isUser && isMapped ? Layout.userAlias : Layout.base) + place
        case 55..<65: return (isUser ? Layout.base : Layout.userAlias) + place
        case 65..<85: return random.pick(Layout.randomPages) + random.below(0x20_0000 - 0x1000) & ~7
        // Across the end of a page.
        case 85..<88:
            return random.pick(Layout.randomPages + [Layout.base + 0x22000]) + random.below(8) * 4096 - random.below(9)
        case 88..<97: return random.pick(Layout.superpages) + place
        case 97: return random.pick([0x9000_0000, 0x1000_0000]) + place
        default: return random.interesting()
        }
    }

    // MARK: - State

    private func setTranslation(of test: inout TestCase, _ tables: PageTables, _ random: inout SeededRandom) {
        func root(_ roots: [UInt64: UInt64], bareChance: UInt64, _ random: inout SeededRandom) -> UInt64 {
            if random.chance(bareChance) { return 0 }
            let mode = random.pick([PageTables.sv39, PageTables.sv39, PageTables.sv48, PageTables.sv57])
            return mode << Self.translation | random.below(4) << Self.spaceIdentifier | (roots[mode] ?? 0) >> 12
        }
        test.fields[.satp] = root(tables.roots, bareChance: 15, &random)
        test.fields[.vsatp] = root(tables.roots, bareChance: 25, &random)
        test.fields[.hgatp] = root(tables.guestRoots, bareChance: 20, &random)
        // QEMU decides by satp whether HLV raises a page fault.
        if !test.mode.isVirtual, test.fields[.satp] == 0 { test.fields[.vsatp] = 0 }
        let stage: CaseField = test.mode == .virtualUser ? .vsatp : .satp
        let isUser = test.mode == .user || test.mode == .virtualUser
        let isMapped = isUser && test.fields[stage] != 0
        test.fields[.entry] = isMapped ? Layout.userAlias : Layout.base
    }

    private func setStatus(of test: inout TestCase, _ random: inout SeededRandom) {
        // UXL and SXL are 64.
        var status: UInt64 = 0xA << 32
        let levels: [PrivilegeMode: (UInt64, UInt64)] = [
            .machine: (3, 0), .supervisor: (1, 0), .user: (0, 0), .virtualSupervisor: (1, 1), .virtualUser: (0, 1),
        ]
        let (level, virtual) = levels[test.mode] ?? (3, 0)
        status |= level << 11 | virtual << 39
        // SIE, MIE, SPIE, MPIE, SPP, SUM, MXR; rarely TVM, TW, TSR.
        status |= random.next() & 0x000C_01AA
        status |= random.chance(20) ? random.next() & 0x0070_0000 : 0
        status |= (random.chance(92) ? 3 : 0) << 13
        test.fields[.status] = status
        // SPV, SPVP, HU; rarely VTVM, VTW, VTSR. VSXL is 64.
        test.fields[.hstatus] = 2 << 32 | random.next() & 0x380 | (random.chance(20) ? random.next() & 0x0070_0000 : 0)
        test.fields[.vsstatus] =
            2 << 32 | random.next() & 0x000C_0122 | (random.chance(92) ? 3 : 0) << 13
        // QEMU takes MXR from one of the two, and SUM for granted where HLV reads with S-mode's rights.
        test.fields[.vsstatus] = (test.fields[.vsstatus] ?? 0) & ~0x8_0000 | status & 0x8_0000
        if !test.mode.isVirtual { test.fields[.vsstatus, default: 0] |= 0x4_0000 }
        test.fields[.fcsr] = random.below(5) << 5 | random.below(32)
        if random.chance(10) { test.fields[.fcsr] = random.below(256) }
    }

    /// QEMU mistakes an AMO's faults for a load's: what is delegated of a load's is delegated of a store's.
    private static func paired(_ causes: UInt64) -> UInt64 {
        let loads: UInt64 = 1 << 4 | 1 << 5 | 1 << 13 | 1 << 21
        let illegal: UInt64 = 1 << 2
        return causes & ~(loads << 2 | illegal << 20) | (causes & loads) << 2 | (causes & illegal) << 20
    }

    private func setDelegation(of test: inout TestCase, _ random: inout SeededRandom) {
        // What every hart can delegate; calls from S and VS are how the handlers reach M-mode.
        let machine: UInt64 = 0xF0B1FD
        let supervisor: UInt64 = 0xB1FD
        func some(of delegable: UInt64, _ random: inout SeededRandom) -> UInt64 {
            if random.chance(30) { return random.chance(50) ? 0 : delegable }
            return Self.paired(random.next()) & delegable
        }
        test.fields[.medeleg] = some(of: machine, &random)
        test.fields[.hedeleg] = some(of: supervisor, &random)
        // QEMU mistakes a virtual instruction for an illegal one in VU-mode.
        if random.chance(70) { test.fields[.hedeleg, default: 0] &= ~4 }
        test.fields[.mideleg] = random.chance(60) ? 0x222 : random.next() & 0x222
        test.fields[.hideleg] = random.next() & 0x444
        test.fields[.mtvec] = Layout.machineVectors | random.below(2)
        test.fields[.stvec] = Layout.supervisorVectors | random.below(2)
        test.fields[.vstvec] = Layout.virtualVectors | random.below(2)
    }
}
