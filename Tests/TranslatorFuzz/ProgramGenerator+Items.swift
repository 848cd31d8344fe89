import RV64Core
import TestSupport

/// The pieces of a program.
extension ProgramGenerator {
    mutating func item() {
        boundaries.append(chunk.count)
        switch random.next() % 40 {
        case 0...9: integer()
        case 10...12: compressed()
        case 13...18: float()
        case 19...24: access()
        case 25, 26: atomic()
        case 27, 28: branchForward()
        case 29: random.next() & 1 == 0 ? loop() : tightLoop()
        case 30, 31: call()
        case 32, 33: csr()
        case 34: place()
        case 35: changeCode()
        case 36: changeTables()
        case 37: other()
        case 38: random.next() & 3 == 0 ? stray() : integer()
        default: reserve()
        }
    }

    mutating func integer() {
        let row = pick(Rows.integer)
        word(setting(fill(row), rd: target()))
    }

    /// c.li, c.addi, c.mv, c.add, c.slli, and the register forms.
    mutating func compressed() {
        let registers = free.filter { $0 != 0 }
        let rd = UInt16(pick(registers))
        let immediate = UInt16(random.next() & 31)
        let small = free.filter { $0 >= 8 && $0 < 16 }
        switch random.next() % 6 {
        case 0: half(0x4001 | rd << 7 | immediate << 2)
        case 1: half(0x0001 | rd << 7 | immediate << 2)
        case 2: half(0x8002 | rd << 7 | UInt16(pick(registers)) << 2)
        case 3: half(0x9002 | rd << 7 | UInt16(pick(registers)) << 2)
        case 4: half(0x0002 | rd << 7 | max(immediate, 1) << 2)
        default:
            guard !small.isEmpty else { return half(1) }
            let operation = UInt16(random.next() & 3) << 5 | UInt16(random.next() & 1) << 12
            let isWord = operation >> 12 == 1 && operation & 0x40 != 0
            half(0x8C01 | (isWord ? 0 : operation) | UInt16(pick(small) - 8) << 7 | UInt16(pick(small) - 8) << 2)
        }
    }

    mutating func float() { float(pick(Rows.float)) }

    mutating func float(_ row: InstructionRow) {
        var raw = setting(fill(row), rd: target())
        // Dynamic rounding, mostly, where the row rounds.
        if row.pattern.mask & 0x7000 == 0, random.next() & 3 != 0 { raw |= 0x7000 }
        word(raw)
    }

    mutating func access() { access(pick(Rows.access)) }

    mutating func access(_ row: InstructionRow) {
        switch random.next() % 16 {
        case 0: access(row, codeBase, 0xE0)
        case 1: access(row, deviceBase, 0x14)
        default: access(row, dataBase, 0x7F0)
        }
    }

    /// At most `range` away from where a register points.
    private mutating func access(_ row: InstructionRow, _ base: UInt32, _ range: Int) {
        var immediate = Int(random.next() % UInt64(2 * range)) - range
        if random.next() & 3 != 0 { immediate &= ~7 }
        if Rows.isStore(row) {
            word(Encoding.s(row.pattern.match, base, any(), immediate))
        } else {
            word(Encoding.i(row.pattern.match, target(), base, immediate))
        }
    }

    mutating func atomic() { atomic(pick(Rows.atomic)) }

    mutating func atomic(_ row: InstructionRow) {
        address(random.next() % 12 == 0 ? deviceBase : dataBase, scratch[0])
        var rd = target()
        if case .atomic(.compareAndSwapPair, _) = row.execution {
            rd &= ~1
            guard free.contains(rd), free.contains(rd | 1) else { return }
        }
        word(setting(setting(fill(row), rd: rd), rs1: scratch[0]))
    }

    /// The row, among loads of new operands.
    mutating func item(of row: InstructionRow) {
        boundaries.append(chunk.count)
        if random.next() & 3 == 0 { access() }
        switch row.execution {
        case .loop, .scalar: word(setting(fill(row), rd: target()))
        case .jump(.always): word(Encoding.j(target(), 4 + 2 * Int(random.next() & 1)))
        case .jump(.register):
            pointer(to: 12 + 2 * Int(random.next() & 1), scratch[0])
            word(Encoding.i(Encoding.jalr, pick([0, 1, scratch[0], target()]), scratch[0], 0))
        case .jump: branchForward(row)
        case .load, .store, .floatLoad, .floatStore: access(row)
        case .float: float(row)
        case .atomic, .modify: atomic(row)
        case .cacheBlock:
            address(dataBase, scratch[0])
            word(setting(row.pattern.match, rs1: scratch[0]))
        case .csr: csr()
        case .hypervisorLoad: word(setting(setting(fill(row), rs1: dataBase), rd: target()))
        case .hypervisorStore: word(setting(fill(row), rs1: dataBase))
        case .system, .illegal: word(fill(row))
        }
        // A landing place for those that jump over something.
        if case .jump = row.execution {
            half(1)
            half(1)
        }
    }

    /// A random address near a base: aligned, mostly.
    private mutating func address(_ base: UInt32, _ register: UInt32) {
        var immediate = Int(random.next() % 0xE00) - 0x700
        if random.next() & 7 != 0 { immediate &= ~15 }
        word(Encoding.i(Encoding.addi, register, base, immediate))
    }

    /// LR, some instructions, and SC.
    mutating func reserve() {
        let width = UInt32(random.next() & 1) << 12
        address(dataBase, scratch[0])
        word(Encoding.r(0x1000_202F | width, scratch[1], scratch[0], 0))
        for _ in 0..<random.next() & 3 {
            switch random.next() & 7 {
            case 0: access()
            case 1: branchForward()
            default: word(Encoding.i(Encoding.addi, scratch[1], scratch[1], 1))
            }
        }
        word(Encoding.r(0x1800_202F | (random.next() & 15 == 0 ? width ^ 0x1000 : width), target(), scratch[0], any()))
    }

    mutating func branchForward() { branchForward(pick(Rows.branch)) }

    mutating func branchForward(_ row: InstructionRow) {
        branches.append((chunk.count, boundaries.count + Int(random.next() & 3)))
        word(Encoding.b(row.pattern.match, any(), any(), 0))
    }

    mutating func loop() {
        // Some are worth a translation of their own.
        let isLong = random.next() & 3 == 0
        let turns = Int(random.next() % (isLong ? 300 : 9)) + 1
        // The pointer stays among the data.
        var reach = 0x1C00 / turns
        word(Encoding.i(Encoding.addi, counter, 0, turns))
        word(Encoding.i(Encoding.addi, walker, dataBase, 0))
        word(Encoding.i(Encoding.addi, rover, dataBase, 0))
        let start = chunk.count
        for _ in 0..<random.next() % 12 {
            boundaries.append(chunk.count)
            switch random.next() & 15 {
            case 0, 1: access()
            case 2, 3: float()
            case 4: branchForward()
            case 5, 6, 7: access(pick(Rows.access), walker, 0x20)
            case 8, 9: walk(&reach)
            case 10: rove()
            case 11, 12: access(pick(Rows.access), rover, 0x20)
            default: integer()
            }
        }
        word(Encoding.i(Encoding.addi, counter, counter, -1))
        wayBack(to: start)
    }

    /// A loop of nothing but what is in line, along the end of a page or its beginning: the next one may allow something
    /// else, or nothing.
    mutating func tightLoop() {
        let strides = [1, 2, 4, 8, 8, 8, 16, 24, 32, 72, 136, 512, 520]
        let (first, second) = (stride(of: pick(strides)), stride(of: pick([0, 0] + strides)))
        let turns = min(Int(random.next() % 200) + 1, 0x1800 / max(abs(first), abs(second), 1))
        word(Encoding.i(Encoding.addi, counter, 0, turns))
        border(walker, first, turns)
        border(rover, second, turns)
        let start = chunk.count
        boundaries.append(start)
        let count = Int(random.next() % 10) + 2
        let (movesFirst, movesSecond) = (Int(random.next() % UInt64(count)), Int(random.next() % UInt64(count)))
        for index in 0..<count {
            if index == movesFirst { word(Encoding.i(Encoding.addi, walker, walker, first)) }
            if index == movesSecond, second != 0 { word(Encoding.i(Encoding.addi, rover, rover, second)) }
            switch random.next() % 12 {
            case 0...3: access(pick(Rows.inlineAccess), walker, 0x20)
            case 4, 5: access(pick(Rows.inlineAccess), rover, 0x20)
            case 6: access(pick(Rows.inlineAccess), dataBase, 0x40)
            case 7, 8: word(setting(fill(pick(Rows.loop)), rd: target()))
            case 9: random.next() & 3 == 0 ? branchForward() : float(pick(Rows.inlineFloat))
            // A rounding mode, or flags, of its own: no strip, but a loop that keeps f registers.
            case 10 where random.next() & 7 == 0:
                word(Encoding.i(0x5073, target(), pick([0, 1, 4, 24]), pick([1, 2, 3])))
            default: float(pick(Rows.inlineFloat))
            }
        }
        word(Encoding.i(Encoding.addi, counter, counter, -1))
        guard random.next() & 3 == 0 else {
            return wayBack(to: start)
        }
        word(Encoding.b(Encoding.branchGreaterOrEqual, 0, counter, 8))
        word(Encoding.j(0, start - chunk.count))
    }

    private mutating func stride(of magnitude: Int) -> Int { random.next() & 1 == 0 ? magnitude : -magnitude }

    /// Where a branch leads into the middle of a loop, the counter may be anything that is not positive: the loop ends.
    private mutating func wayBack(to start: Int) {
        word(Encoding.b(Encoding.branchLess, 0, counter, start - chunk.count))
    }

    /// Has a pointer of a loop cross the border of a page in one of its turns, or end there, mostly.
    private mutating func border(_ register: UInt32, _ stride: Int, _ turns: Int) {
        word(Encoding.i(Encoding.addi, register, dataBase, 0))
        guard random.next() & 7 != 0 else { return }
        word(Encoding.i(0x5013, register, register, 12))
        word(Encoding.i(Encoding.slli, register, register, 12))
        let way = min(abs(stride) * (random.next() & 1 == 0 ? turns : Int(random.next() % UInt64(turns + 1))), 0x7C0)
        let exact = (stride < 0 ? way : -way) + pick([0, 0, 8, -8, 16, -16, 1])
        word(Encoding.i(Encoding.addi, register, register, exact))
    }

    /// Moves another pointer of a loop by what the counter says: mostly inside a page, now and then into the next one.
    private mutating func rove() {
        word(Encoding.i(Encoding.slli, scratch[1], counter, Int(random.next() & 7)))
        word(Encoding.i(Encoding.andi, scratch[1], scratch[1], pick([0x7F8, 0x3F8, 0x78])))
        word(Encoding.r(Encoding.add, rover, dataBase, scratch[1]))
    }

    /// Moves the pointer of a loop on, or back.
    private mutating func walk(_ reach: inout Int) {
        let strides = [1, 2, 3, 4, 8, 8, 8, 12, 16, 24, 40, 64, 200, 512, 600, 2000]
        let stride = min(pick(strides), reach)
        reach -= stride
        word(Encoding.i(Encoding.addi, walker, walker, random.next() & 1 == 0 ? stride : -stride))
    }

    /// Calls a function, by a distance or by its address; functions call nobody.
    mutating func call() {
        guard origin >= 0x800, origin < 0x1000, let function = functions.randomElement(using: &random) else {
            return integer()
        }
        let distance = Int(function) - Int(offset)
        if random.next() & 1 == 0 {
            word(Encoding.j(1, distance))
        } else {
            pointer(to: distance, scratch[0])
            word(Encoding.i(Encoding.jalr, 1, scratch[0], 0))
        }
    }

    /// AUIPC and ADDI: the address at a distance from here.
    private mutating func pointer(to distance: Int, _ register: UInt32) {
        let upper = (distance + 0x800) >> 12
        word(Encoding.u(Encoding.auipc, register, upper))
        word(Encoding.i(Encoding.addi, register, register, distance - upper << 12))
    }

    /// LUI and ADDI: a constant of 31 bits.
    private mutating func constant(_ value: UInt32, _ register: UInt32) {
        let upper = (Int(Int32(bitPattern: value)) + 0x800) >> 12
        word(Encoding.u(Encoding.lui, register, upper))
        word(Encoding.i(Encoding.addi, register, register, Int(Int32(bitPattern: value)) - upper << 12))
    }

    private static let unprivileged: [Int] = [1, 2, 3, 1, 2, 3, 0xC00, 0xC01, 0xC02]
    private static let privileged: [Int] = [
        0x100, 0x140, 0x142, 0x143, 0x144, 0x104, 0x106, 0x10A, 0x141, 0x200, 0x600, 0x643, 0x241, 0x340, 0x341, 0x342,
    ]

    mutating func csr() {
        let isPrivileged = random.next() & 1 == 0
        let number = pick(isPrivileged ? Self.privileged : Self.unprivileged)
        let operations: [UInt32] = [0x1073, 0x2073, 0x3073, 0x5073, 0x6073, 0x7073]
        let source = number == 0x10A || random.next() & 3 == 0 ? 0 : any()
        word(Encoding.i(pick(operations), target(), source, number))
    }

    // MARK: - Code and tables that change

    mutating func place() {
        places.append(offset)
        word(Encoding.nop)
    }

    /// Stores an instruction, and fences.
    mutating func changeCode() {
        guard !places.isEmpty else { return integer() }
        let place = pick(places)
        let isAlias = program.isPaged && random.next() & 1 == 0
        if isAlias {
            constant(UInt32(Layout.alias + place), scratch[0])
        } else {
            pointer(to: Int(place) - Int(offset), scratch[0])
        }
        let row = pick(Rows.integer)
        constant(setting(fill(row), rd: target()), scratch[1])
        word(Encoding.s(Encoding.storeWord, scratch[0], scratch[1], 0))
        word(Encoding.fenceI)
    }

    /// Stores an entry for a data page, and fences: where the fence is none of the program's, neither is this.
    mutating func changeTables() {
        guard program.isPaged, !program.mode.isUser else { return integer() }
        let page = Layout.firstDataPage + random.next() & 7
        let target = Layout.firstDataPage + random.next() & 7
        let leaf = Tables.all | (program.mode.isUser ? Tables.user : 0)
        pointer(to: Int(Layout.leaves + page * 8) - Int(offset), scratch[0])
        constant(UInt32(truncatingIfNeeded: Tables.entry(target << 12, Tables.flags(leaf, &random))), scratch[1])
        word(Encoding.s(Encoding.storeDouble, scratch[0], scratch[1], 0))
        guard random.next() & 1 == 0 else { return word(Encoding.sfenceVma) }
        pointer(to: Int(page << 12) - Int(offset), scratch[0])
        word(Encoding.r(Encoding.sfenceVma, 0, scratch[0], 0))
    }

    /// ECALL, EBREAK, fences, and what is no instruction.
    mutating func other() {
        switch random.next() % 12 {
        case 0: word(0x73)
        case 1: word(0x10_0073)
        case 2: word(UInt32(truncatingIfNeeded: random.next()) | 0xFFFF_F003)
        case 3: word(Encoding.fenceI)
        case 4: word(Encoding.sfenceVma)
        case 5: word(Encoding.r(Encoding.sfenceVma, 0, dataBase, 0))
        case 6: word(Encoding.hfenceVvma)
        case 7: word(Encoding.hfenceGvma)
        case 8: word(0x0FF0_000F)
        case 9: word(0x8330_000F)
        case 10: half(0x9002)
        default: hypervisorAccess()
        }
    }

    private mutating func hypervisorAccess() {
        let rows = Rows.all.filter { $0.format == .hypervisorLoad || $0.format == .hypervisorStore }
        let row = pick(rows)
        let raw = setting(fill(row), rs1: dataBase)
        word(row.format == .hypervisorLoad ? setting(raw, rd: target()) : raw)
    }

    /// An access far from everything.
    mutating func stray() {
        let row = pick(Rows.access)
        word(Encoding.u(Encoding.lui, scratch[0], Int(random.next() % 0x7_0000) + 0x1000))
        word(Encoding.i(Encoding.slli, scratch[0], scratch[0], Int(random.next() & 31) + 1))
        if Rows.isStore(row) {
            word(Encoding.s(row.pattern.match, scratch[0], any(), 0))
        } else {
            word(Encoding.i(row.pattern.match, target(), scratch[0], 0))
        }
    }
}
