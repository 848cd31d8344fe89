import RV64Core
import TestSupport

/// Makes random programs: straight code, branches, loops, calls, accesses of all kinds, and code that changes itself or its
/// page tables, with the fences that this takes.
package struct ProgramGenerator {
    var random: SplitMix64
    var program: Program
    /// Registers that point somewhere, or count: nobody else writes them.
    let dataBase: UInt32
    let codeBase: UInt32
    let deviceBase: UInt32
    let counter: UInt32
    let walker: UInt32
    let rover: UInt32
    let scratch: [UInt32]
    let free: [UInt32]
    /// What the program consists of, if it is to try one row.
    private let row: InstructionRow?
    /// Where instructions may be replaced.
    var places: [UInt64] = []
    /// Where functions begin.
    var functions: [UInt64] = []
    /// The chunk that is being written, and where it lies.
    var chunk: [UInt8] = []
    var origin: UInt64 = 0
    /// Where items begin, and branches that lead to later ones.
    var boundaries: [Int] = []
    var branches: [(at: Int, item: Int)] = []

    package init(_ random: inout SplitMix64, of row: InstructionRow? = nil) {
        self.row = row
        self.random = SplitMix64(seed: random.next())
        let modes: [PrivilegeMode] = [
            .machine, .supervisor, .user, .virtualSupervisor, .virtualSupervisor, .virtualUser,
        ]
        program = Program(mode: modes[Int(random.next() % 6)], entry: 0)
        // ra is written by calls alone, so that nobody returns into data.
        var registers = (2..<32).map { UInt32($0) }
        registers.shuffle(using: &random)
        dataBase = registers[0]
        codeBase = registers[1]
        deviceBase = registers[2]
        counter = registers[3]
        walker = registers[4]
        rover = registers[5]
        scratch = [registers[6], registers[7]]
        free = [0] + registers[6...]
    }

    package mutating func generate() -> Program {
        program.isPaged = program.mode != .machine && random.next() & 7 != 0
        program.delegation = [0, ~0, random.next()][Int(random.next() % 3)]
        program.floatingPoint = [3, 3, 3, 3, 2, 1, 0][Int(random.next() % 7)]
        program.rounding = [0, 0, 0, 1, 2, 3, 4, 5, 7][Int(random.next() % 9)]
        for index in 1..<32 { program.x[index] = Values.integer(&random) }
        program.x[Int(counter)] = 0
        // Few numbers, of both signs, meet their like.
        let few = (0..<3).map { $0 == 0 ? random.next() & 1 * 0xFFFF_FFFF_0000_0000 : Values.float(&random) }
        let isVaried = random.next() & 1 == 0
        for index in 0..<32 {
            let value = isVaried ? Values.float(&random) : pick(few)
            let sign: UInt64 = value >> 32 == 0xFFFF_FFFF ? 31 : 63
            program.f[index] = value ^ (random.next() & 1) << sign
        }
        program.x[Int(dataBase)] = Twin.base + Layout.data + 0x2000 + (random.next() & 3) << 12 + random.next() & 15
        program.x[Int(codeBase)] = Twin.base + Layout.dataInCode + 0x100
        program.x[Int(deviceBase)] = Twin.device + 0x7F0
        if program.isPaged, random.next() & 3 == 0 { program.x[Int(dataBase)] &+= Layout.alias &- Twin.base }
        if program.isPaged, random.next() & 7 == 0 { program.x[Int(dataBase)] |= 0x20_0000 }
        var data: [UInt8] = []
        for index in 0..<64 { append(index & 1 == 0 ? Values.float(&random) : Values.integer(&random), to: &data) }
        let pattern = data
        while data.count < Int(Layout.dataBytes) { data += pattern }
        program.chunks.append((Layout.data, data))
        // No instruction, wherever nothing else is.
        program.chunks.append((Layout.code, [UInt8](repeating: 0, count: Int(Layout.codeBytes))))
        writeHandler()
        let tables = Tables(isUser: program.mode.isUser, &random)
        program.chunks.append((Layout.root, tables.bytes))
        for page in 1...3 {
            let offset = UInt64(page) << 12 + (random.next() % (page == 3 ? 0x200 : 0x700)) & ~1
            functions.append(offset)
            write(at: offset, items: 12) { generator in generator.half(0x8082) }
        }
        let entry = 0x800 + (random.next() % 0x600) & ~1
        write(at: entry, items: 60) { generator in
            generator.word(Encoding.j(0, Int(entry) - Int(generator.offset)))
        }
        program.entry = Twin.base + entry
        program.x[1] = program.entry
        return program
    }

    private mutating func append(_ value: UInt64, to bytes: inout [UInt8]) {
        for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))) }
    }

    /// Skips what trapped.
    private mutating func writeHandler() {
        origin = Layout.handler
        chunk = []
        word(Encoding.i(Encoding.csrrs, scratch[0], 0, 0x141))
        // lhu, andi, addi -3, snez, slli, sub: 2 less where it was a short one.
        word(Encoding.i(0x5003, scratch[1], scratch[0], 0))
        word(Encoding.i(0x7013, scratch[1], scratch[1], 3))
        word(Encoding.i(Encoding.addi, scratch[1], scratch[1], -3))
        word(Encoding.r(0x3033, scratch[1], 0, scratch[1]))
        word(Encoding.i(Encoding.slli, scratch[1], scratch[1], 1))
        word(Encoding.r(0x4000_0033, scratch[0], scratch[0], scratch[1]))
        word(Encoding.i(Encoding.addi, scratch[0], scratch[0], 4))
        word(Encoding.i(Encoding.csrrw, 0, scratch[0], 0x141))
        word(Encoding.systemReturn)
        program.chunks.append((origin, chunk))
    }

    private mutating func write(at offset: UInt64, items: Int, end: (inout Self) -> Void) {
        origin = offset
        chunk = []
        boundaries = []
        branches = []
        for _ in 0..<items where self.offset < limit { row.map { item(of: $0) } ?? item() }
        boundaries.append(chunk.count)
        end(&self)
        for branch in branches {
            let target = boundaries[min(branch.item, boundaries.count - 1)]
            patch(branch.at, by: target - branch.at)
        }
        program.chunks.append((origin, chunk))
    }

    /// Chunks stay inside their place.
    private var limit: UInt64 { origin >= 0x3000 ? Layout.dataInCode - 0x80 : (origin | 0xFFF) + 0x200 & ~1 }

    private mutating func patch(_ at: Int, by distance: Int) {
        let old = (0..<4).reduce(UInt32(0)) { $0 | UInt32(chunk[at + $1]) << UInt32(8 * $1) }
        let value = old | Encoding.b(0, 0, 0, distance)
        for byte in 0..<4 { chunk[at + byte] = UInt8(truncatingIfNeeded: value >> UInt32(8 * byte)) }
    }

    // MARK: - Writing

    var offset: UInt64 { origin + UInt64(chunk.count) }

    mutating func word(_ value: UInt32) {
        half(UInt16(truncatingIfNeeded: value))
        half(UInt16(truncatingIfNeeded: value >> 16))
    }

    mutating func half(_ value: UInt16) {
        chunk.append(UInt8(truncatingIfNeeded: value))
        chunk.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    // MARK: - Choosing

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(random.next() % UInt64(elements.count))]
    }

    mutating func target() -> UInt32 { pick(free) }

    mutating func any() -> UInt32 { UInt32(random.next() & 31) }

    /// Any bits where the row leaves them open.
    mutating func fill(_ row: InstructionRow) -> UInt32 {
        row.pattern.match | UInt32(truncatingIfNeeded: random.next()) & ~row.pattern.mask
    }

    func setting(_ raw: UInt32, rd: UInt32) -> UInt32 { raw & ~(31 << 7) | rd << 7 }

    func setting(_ raw: UInt32, rs1: UInt32) -> UInt32 { raw & ~(31 << 15) | rs1 << 15 }
}
