/// The page tables of one program: what all cases need mapped, and windows of random and of wrong entries.
struct PageTables {
    /// Roots of the first stage, by mode: Sv39, Sv48, Sv57.
    private(set) var roots: [UInt64: UInt64] = [:]
    /// Roots of the G-stage, by mode.
    private(set) var guestRoots: [UInt64: UInt64] = [:]

    private var next = Layout.tables
    /// The tables of the random pages.
    static let windows = (supervisor: Layout.tables + 0x2000, user: Layout.tables + 0x3000)
    /// The G-stage's table of all memory.
    static let guestIdentity = Layout.tables + 0x9000
    private var random: SeededRandom
    private var image: MemoryImage

    private enum Stage {
        case first
        case guest
    }

    private enum Bit {
        static let valid: UInt64 = 1
        static let read: UInt64 = 2
        static let write: UInt64 = 4
        static let execute: UInt64 = 8
        static let user: UInt64 = 16
        static let accessed: UInt64 = 64
        static let dirty: UInt64 = 128
        static let all = valid | read | write | execute | accessed | dirty
    }

    static let sv39: UInt64 = 8
    static let sv48: UInt64 = 9
    static let sv57: UInt64 = 10

    /// Builds the tables into `image`.
    static func build(into image: inout MemoryImage, random: inout SeededRandom) -> PageTables {
        var tables = PageTables(random: SeededRandom(seed: random.next()), image: image)
        tables.buildFirstStage()
        tables.buildGuestStage()
        image = tables.image
        return tables
    }

    private init(random: SeededRandom, image: MemoryImage) {
        self.random = random
        self.image = image
    }

    private mutating func allocate(_ pages: UInt64 = 1) -> UInt64 {
        next = (next + pages * 4096 - 1) & ~(pages * 4096 - 1)
        defer { next += pages * 4096 }
        return next
    }

    private mutating func set(_ table: UInt64, _ index: UInt64, _ entry: UInt64) {
        image.write(entry, at: table + 8 * index)
    }

    private func pointer(_ table: UInt64) -> UInt64 { table >> 2 | Bit.valid }

    private func leaf(_ address: UInt64, _ flags: UInt64) -> UInt64 { address >> 2 | flags }

    // MARK: - First stage

    private mutating func buildFirstStage() {
        let identity = allocate()
        let user = allocate()
        let windows = [allocate(), allocate()]
        precondition(windows == [Self.windows.supervisor, Self.windows.user])
        for page in 0..<UInt64(512) {
            let address = Layout.base + page * 4096
            let isCode = address < Layout.codeEnd
            // What the runtime writes is out of the cases' reach.
            if address >= Layout.tablesEnd { continue }
            var flags = isCode ? Bit.all & ~(Bit.write | Bit.dirty) : Bit.all & ~Bit.execute
            if address == Layout.patched { flags = Bit.all }
            // Hardware sets what is clear here.
            if !isCode, random.chance(30) { flags &= ~(Bit.dirty | (random.chance(50) ? Bit.accessed : 0)) }
            set(identity, page, leaf(address, flags))
            set(user, page, leaf(address, flags | Bit.user))
        }
        for window in windows {
            for page in 0..<UInt64(512) { set(window, page, randomLeaf()) }
        }
        let supervisorMiddle = allocate()
        let userMiddle = allocate()
        set(supervisorMiddle, 0, pointer(identity))
        set(userMiddle, 0, pointer(user))
        for (middle, owner) in [(supervisorMiddle, 0), (userMiddle, Bit.user)] {
            set(middle, 1, pointer(owner == 0 ? windows[0] : windows[1]))
            set(middle, 2, leaf(Layout.base, randomFlags() | Bit.valid | owner))
            for index in UInt64(3)..<16 { set(middle, index, strangeEntry(identity)) }
        }
        let top = allocate()
        set(top, 2, pointer(supervisorMiddle))
        set(top, 3, pointer(userMiddle))
        set(top, 4, leaf(Layout.base, randomFlags() | Bit.valid))
        set(top, 5, leaf(Layout.base, randomFlags() | Bit.valid | Bit.user))
        for index in UInt64(6)..<16 { set(top, index, strangeEntry(identity)) }
        let upper = allocate()
        set(upper, 0, pointer(top))
        set(upper, 1, leaf(0, randomFlags() | Bit.valid))
        for index in UInt64(2)..<8 { set(upper, index, strangeEntry(identity)) }
        let highest = allocate()
        set(highest, 0, pointer(upper))
        roots = [Self.sv39: top, Self.sv48: upper, Self.sv57: highest]
    }

    /// A page of the data window, or nowhere, with attributes that are mostly sensible.
    private mutating func randomLeaf() -> UInt64 {
        let address =
            random.chance(92)
            ? Layout.data + random.below(Layout.dataPages) * 4096 : 0x9000_0000 + random.below(64) * 4096
        var entry = leaf(address, randomFlags() | (random.chance(95) ? Bit.valid : 0))
        if random.chance(50) { entry |= Bit.user }
        // RSW, PBMT and N; QEMU ignores reserved bits and values.
        if random.chance(10) { entry |= random.below(4) << 8 }
        if random.chance(5) { entry |= random.below(3) << 61 }
        // QEMU writes A and D before it looks at how much an N entry maps: it is 64 KiB.
        if random.chance(5) { entry = 1 << 63 | entry & ~(0xF_FFFF << 10) | (Layout.patched >> 12 | 8) << 10 }
        return entry
    }

    private mutating func randomFlags() -> UInt64 {
        if random.chance(40) { return Bit.all & ~Bit.valid }
        // Without any of the three it would be a pointer, to what is no table.
        let permission = random.pick([Bit.read, Bit.write, Bit.execute, Bit.read])
        return permission | random.next() & (Bit.all & ~Bit.valid) | (random.chance(50) ? Bit.accessed | Bit.dirty : 0)
    }

    /// Entries of middle levels: misaligned superpages, pointers with leaf bits, pointers out of memory, nothing.
    private mutating func strangeEntry(_ table: UInt64, stage: Stage = .first) -> UInt64 {
        switch random.below(5) {
        case 0: return leaf(Layout.data + random.below(Layout.dataPages) * 4096, Bit.all)
        case 1: return pointer(table) | random.pick([Bit.user, Bit.accessed, Bit.dirty, 1 << 61, 1 << 63])
        // QEMU takes what PMP forbids in the G-stage for a guest-page fault.
        case 2: return stage == .guest ? 0 : pointer(0x1000_0000)
        case 3: return leaf(Layout.base, randomFlags() | Bit.valid | Bit.user)
        default: return 0
        }
    }

    // MARK: - G-stage

    private mutating func buildGuestStage() {
        let identity = allocate()
        precondition(identity == Self.guestIdentity)
        let isHostile = random.chance(30)
        for page in 0..<UInt64(512) {
            let address = Layout.base + page * 4096
            var flags = Bit.all | Bit.user
            let isData = address >= Layout.data && address < Layout.data + Layout.dataPages * 4096
            // Tables that no fetch needs: QEMU takes every fault at a table for a load's.
            let isTable = address == Self.windows.supervisor || address == Self.windows.user
            if isData, random.chance(40) {
                flags = randomFlags() | (random.chance(90) ? Bit.valid : 0) | (random.chance(90) ? Bit.user : 0)
            } else if isTable, isHostile, random.chance(50) {
                flags &= ~random.pick([Bit.valid, Bit.user])
            } else if random.chance(20), address < Layout.tables || address >= Layout.tablesEnd {
                // QEMU does not note in the G-stage that it writes a table.
                flags &= ~Bit.dirty
            }
            set(identity, page, leaf(address, flags))
        }
        let middle = allocate()
        set(middle, 0, pointer(identity))
        for index in UInt64(1)..<16 { set(middle, index, strangeEntry(identity, stage: .guest)) }
        let top = allocate(4)
        set(top, 2, pointer(middle))
        for index in UInt64(3)..<16 { set(top, index, strangeEntry(identity, stage: .guest)) }
        // The first page of the Sv39x4 root serves as a table of the level below the others' roots.
        let upper = allocate(4)
        set(upper, 0, pointer(top))
        let highest = allocate(4)
        set(highest, 0, pointer(upper))
        guestRoots = [Self.sv39: top, Self.sv48: upper, Self.sv57: highest]
    }
}
