import RV64Core

/// One instruction of a case: its bytes, and where it goes if it is a jump.
struct GeneratedInstruction {
    var word: UInt32
    /// 2 or 4.
    var length: Int
    /// Instructions ahead that a branch or jump goes to.
    var skip: Int?
    /// Reads the address that `auipc` two instructions before has put into its base register: the displacement is
    /// filled in like a branch's.
    var displacementBase: Int?
    /// Belongs to the instruction before: no jump goes here, and they are left out together.
    var continues = false

    init(_ word: UInt32, skip: Int? = nil) {
        self.word = word
        length = word & 3 == 3 ? 4 : 2
        self.skip = skip
    }
}

/// Random instructions of the configured ISA, from the table that decoder and disassembler use.
struct InstructionSource {
    let mode: PrivilegeMode
    private let groups: [(weight: UInt64, value: Group)]
    private let compressed: [CompressedRow]
    private let decoder: Decoder

    /// Registers that hold addresses; the 16-bit forms reach them too.
    static let pointers: ClosedRange<UInt64> = 8...15

    private enum Group {
        case rows([InstructionRow])
        case compressed
        case csr
        case pattern
        case loop
        case anything
    }

    /// Instructions that need more than random operands: see `patterns`.
    private static let withheld: Set<Opcode> = [
        .ebreak, .mret, .sret, .wfi, .lrW, .lrD, .scW, .scD, .hlvxHu, .hlvxWu, .ctzw,
    ]
    /// QEMU executes them.
    private static let withheldFromUser: Set<Opcode> = [.sfenceWInval, .sfenceInvalIr]
    private static let addressed: Set<InstructionFormat> = [
        .load, .store, .floatLoad, .floatStore, .loadReserved, .atomic, .hypervisorLoad, .hypervisorStore,
    ]
    private static let jumps: Set<InstructionFormat> = [.branch, .jump, .jumpRegister]

    init(extensions: ExtensionSet, mode: PrivilegeMode) {
        self.mode = mode
        decoder = Decoder(extensions: extensions)
        let isUser = mode == .user || mode == .virtualUser
        let rows = InstructionTable.rows.filter { row in
            row.isAvailable(in: extensions) && !Self.withheld.contains(row.opcode)
                && !(isUser && Self.withheldFromUser.contains(row.opcode))
        }
        func members(_ isMember: (InstructionRow) -> Bool) -> Group { .rows(rows.filter(isMember)) }
        let atomics: Set<InstructionFormat> = [.loadReserved, .atomic]
        let guest: Set<InstructionFormat> = [.hypervisorLoad, .hypervisorStore]
        let csr: Set<InstructionFormat> = [.csr, .csrImmediate]
        let special: Set<InstructionFormat> = Self.addressed.union(Self.jumps).union(csr).union([.translationFence])
        func isFloat(_ row: InstructionRow) -> Bool { row.mnemonic.hasPrefix("f") && !row.mnemonic.hasPrefix("fence") }
        groups = [
            (30, members { !special.contains($0.format) && !isFloat($0) && $0.format != .none }),
            (18, members { !special.contains($0.format) && isFloat($0) }),
            (18, members { Self.addressed.contains($0.format) && !atomics.union(guest).contains($0.format) }),
            (5, members { atomics.contains($0.format) }),
            (mode == .virtualUser || mode == .virtualSupervisor ? 1 : 4, members { guest.contains($0.format) }),
            (6, members { [.branch, .jump].contains($0.format) }),
            (2, members { $0.format == .translationFence || $0.format == .none }),
            (10, .csr), (6, .pattern), (2, .loop), (14, .compressed), (1, .anything),
        ]
        compressed = CompressedTable.allRows.filter {
            extensions.isSuperset(of: $0.needed) && !["c.ebreak", "c.jr", "c.jalr"].contains($0.mnemonic)
        }
    }

    /// The next instruction, or a few that belong together.
    ///
    /// - Parameter delegatesAll: mideleg is all ones.
    func next(delegatesAll: Bool, _ random: inout SeededRandom) -> [GeneratedInstruction] {
        switch random.weighted(groups) {
        case .rows(let rows): return rows.isEmpty ? [] : [encode(random.pick(rows), &random)]
        case .compressed: return [encode(random.pick(compressed), &random)]
        case .loop: return loop(&random)
        case .csr: return [GeneratedInstruction(CSRSource.instruction(mode: mode, delegatesAll: delegatesAll, &random))]
        case .pattern:
            var pattern = Patterns.next(mode: mode, &random)
            for index in pattern.indices.dropFirst() { pattern[index].continues = true }
            return pattern
        case .anything:
            // Major opcodes that hold no branch and no jump, so that the case still ends.
            let major = random.pick(
                [0x03, 0x07, 0x0F, 0x13, 0x1B, 0x23, 0x27, 0x2F, 0x33, 0x3B, 0x43, 0x53, 0x0B, 0x5B] as [UInt32]
            )
            var word = UInt32(truncatingIfNeeded: random.next()) & ~0x7F | major
            if [0x03, 0x07, 0x23, 0x27, 0x2F].contains(major) { word = Self.setRS1(word, Self.pointer(&random)) }
            return Self.withheld.contains(decoder.decode(word).opcode) ? [] : [GeneratedInstruction(word)]
        }
    }

    /// A few instructions several times over, counted in ra.
    private func loop(_ random: inout SeededRandom) -> [GeneratedInstruction] {
        let counter: UInt32 = 1
        var body: [GeneratedInstruction] = []
        while body.count < 2 + Int(random.below(5)) {
            guard case .rows(let rows) = groups[Int(random.below(3))].value else { continue }
            let instruction = encode(random.pick(rows), &random)
            if instruction.word >> 7 & 31 != counter { body.append(instruction) }
        }
        let start = GeneratedInstruction(UInt32(2 + random.below(12)) << 20 | counter << 7 | 0x13)
        let count = GeneratedInstruction(0xFFF0_0013 | counter << 15 | counter << 7)
        var all = [start] + body + [count, GeneratedInstruction(counter << 15 | 1 << 12 | 0x63, skip: -1 - body.count)]
        for index in all.indices.dropFirst() { all[index].continues = true }
        return all
    }

    private func encode(_ row: InstructionRow, _ random: inout SeededRandom) -> GeneratedInstruction {
        var word = row.pattern.match | UInt32(truncatingIfNeeded: random.next()) & ~row.pattern.mask
        if Self.addressed.contains(row.format) {
            word = Self.setRS1(word, Self.pointer(&random))
            let isStore = row.format == .store || row.format == .floatStore
            let offset = random.chance(70) ? random.below(32) * 8 : random.below(4096)
            if isStore {
                word = word & 0x01FF_F07F | UInt32(offset >> 5) << 25 | UInt32(offset & 31) << 7
            } else if row.format == .load || row.format == .floatLoad {
                word = word & 0xFFFFF | UInt32(offset) << 20
            }
        }
        if row.format.hasIntegerDestination, random.chance(92) { word = Self.setRD(word, Self.destination(&random)) }
        // `auipc` shows where a case lies: as an address it would make stores into code.
        if row.opcode == .auipc { word = Self.setRD(word, 16 + random.below(4)) }
        if row.format.hasRoundingMode, random.chance(90) {
            word = word & ~0x7000 | UInt32(random.pick([0, 1, 2, 3, 4, 7])) << 12
        }
        let isJump = Self.jumps.contains(row.format)
        if row.format == .jump { word = Self.setRD(word, random.pick([0, 1])) }
        return GeneratedInstruction(word, skip: isJump ? Int(1 + random.below(6)) : nil)
    }

    private func encode(_ row: CompressedRow, _ random: inout SeededRandom) -> GeneratedInstruction {
        var half: UInt32
        repeat {
            half = row.pattern.match | UInt32(truncatingIfNeeded: random.next()) & ~row.pattern.mask & 0xFFFF
        } while !row.pattern.matches(half)
        let isJump = ["c.j", "c.beqz", "c.bnez"].contains(row.mnemonic)
        return GeneratedInstruction(half, skip: isJump ? Int(1 + random.below(6)) : nil)
    }

    static func setRS1(_ word: UInt32, _ register: UInt64) -> UInt32 { word & ~(31 << 15) | UInt32(register) << 15 }
    static func setRD(_ word: UInt32, _ register: UInt64) -> UInt32 { word & ~(31 << 7) | UInt32(register) << 7 }

    static func pointer(_ random: inout SeededRandom) -> UInt64 {
        random.chance(97) ? pointers.lowerBound + random.below(8) : random.below(32)
    }

    private static func destination(_ random: inout SeededRandom) -> UInt64 {
        random.chance(97) ? random.pick([0, 3, 4, 5, 6, 7] + Array(20...31)) : random.below(32)
    }
}
