import RV64Core

/// Programs that go through the CSRs: which exist for whom, and what becomes of values written to them.
struct RegisterSource {
    private static let lastTrap = 19
    private static let modes: [PrivilegeMode] = [.machine, .supervisor, .user, .virtualSupervisor, .virtualUser]

    private var random: SeededRandom
    private(set) var programs: [TestProgram] = []

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        var cases = legalizationCases()
        cases += accessCases()
        var start = 0
        while start < cases.count {
            let part = cases[start..<min(cases.count, start + Layout.caseLimit)]
            programs.append(TestProgram(seed: seed, cases: Array(part), background: MemoryImage()))
            start += part.count
        }
    }

    /// A state without translation or delegation.
    private mutating func plainCase(_ mode: PrivilegeMode) -> TestCase {
        var test = TestCase(mode: mode)
        let virtual: UInt64 = mode.isVirtual ? 1 << 39 : 0
        test.fields = [
            .entry: Layout.base, .status: 0xA_0000_6000 | mode.nominal << 11 | virtual, .hstatus: 2 << 32,
            .vsstatus: 2 << 32 | 0x6000, .mtvec: Layout.machineVectors, .stvec: Layout.supervisorVectors,
            .vstvec: Layout.virtualVectors,
        ]
        return test
    }

    // MARK: - Values

    /// M-mode writes each register with 26 values, each put back at once: what it reads meanwhile is in f0 to f25.
    private mutating func legalizationCases() -> [TestCase] {
        (0..<4096).compactMap { number in
            guard let tried = RegisterExclusions.tried(csr: UInt32(number)) else { return nil }
            var test = plainCase(.machine)
            for register in 1...26 {
                test.x[register] = (random.chance(50) ? random.interesting() : random.next()) & tried.keep | tried.add
            }
            for register in 1...26 {
                let csr = UInt32(number) << 20 | 0x73
                let exchange: UInt32 = csr | 1 << 12 | 30 << 7 | UInt32(register) << 15
                let read: UInt32 = csr | 2 << 12 | 29 << 7
                let restore: UInt32 = csr | 1 << 12 | 30 << 15
                let keep: UInt32 = 0xF200_0053 | 29 << 15 | UInt32(register - 1) << 7  // fmv.d.x
                for word in [exchange, read, restore, keep] { test.code.append(GeneratedInstruction(word)) }
            }
            return test
        }
    }

    // MARK: - Access

    /// Every mode reads every number; a counter is enabled at some levels and not at others.
    private mutating func accessCases() -> [TestCase] {
        var cases: [TestCase] = []
        for mode in Self.modes {
            var numbers = (0..<4096).map { UInt32($0) }.filter { !RegisterExclusions.differsInExistence(csr: $0) }[...]
            while !numbers.isEmpty {
                var test = plainCase(mode)
                test.fields[.status, default: 0] |= random.next() & 0x0070_0000
                test.fields[.hstatus, default: 0] |= random.next() & 0x0070_0000
                test.code = numbers.prefix(Self.lastTrap).map { GeneratedInstruction($0 << 20 | 2 << 12 | 0x73) }
                numbers = numbers.dropFirst(Self.lastTrap)
                cases.append(test)
            }
        }
        return cases
    }
}
