import RV64Core

/// Sequences that do something together which random instructions would hardly ever do.
enum Patterns {
    private static let scratch: UInt32 = 28
    private static let second: UInt32 = 29

    static func next(mode: PrivilegeMode, _ random: inout SeededRandom) -> [GeneratedInstruction] {
        switch random.below(10) {
        case 0: return changeStatus(&random)
        case 1: return trapReturn(mode: mode, &random)
        case 2: return selfModification(mode: mode, &random)
        case 3: return interrupt(&random)
        case 4: return modifiedPrivilege(&random)
        case 5: return reservation(&random)
        case 6: return guestFetch(mode: mode, &random)
        case 7, 8: return changePageTable(&random)
        default: return [GeneratedInstruction(random.chance(70) ? ecall : breakpoint)]
        }
    }

    private static let ecall: UInt32 = 0x73
    private static let breakpoint: UInt32 = 0x0010_0073

    private static func lui(_ register: UInt32, _ value: UInt32) -> UInt32 {
        value & 0xFFFF_F000 | register << 7 | 0x37
    }

    private static func addi(_ register: UInt32, _ source: UInt32, _ value: UInt32) -> UInt32 {
        value << 20 | source << 15 | register << 7 | 0x13
    }

    private static func csr(_ number: UInt32, _ function: UInt32, _ source: UInt32) -> UInt32 {
        number << 20 | source << 15 | function << 12 | 0x73
    }

    /// HLVX of instructions, since QEMU asks for leave to read where the manual asks for leave to execute.
    private static func guestFetch(mode: PrivilegeMode, _ random: inout SeededRandom) -> [GeneratedInstruction] {
        let isHalf = random.chance(50)
        let load: UInt32 = (isHalf ? 0x6430_4073 : 0x6830_4073) | scratch << 15 | 30 << 7
        let page = UInt32(random.pick([Layout.code, Layout.userAlias + (Layout.code - Layout.base)]) & 0xFFFF_F000)
        return (address(page, into: scratch) + [addi(scratch, scratch, UInt32(random.below(512)) * 4), load])
            .map { GeneratedInstruction($0) }
    }

    /// A page's address in a register; lui sign-extends, and two shifts clear the upper half.
    private static func address(_ page: UInt32, into register: UInt32) -> [UInt32] {
        [
            lui(register, page), register << 15 | 32 << 20 | 1 << 12 | register << 7 | 0x13,
            register << 15 | 32 << 20 | 5 << 12 | register << 7 | 0x13,
        ]
    }

    /// LR, a little arithmetic, and SC to the same address. After a trap of LR the runtime goes on behind SC, since QEMU
    /// looks at no address that is not reserved.
    private static func reservation(_ random: inout SeededRandom) -> [GeneratedInstruction] {
        let pointer = 8 + UInt32(random.below(8))
        let width = UInt32(random.pick([2, 3] as [UInt64])) << 12
        let ordering = UInt32(random.below(4)) << 25
        let load = 0x1000_002F | ordering | pointer << 15 | width | second << 7
        let store = 0x1800_002F | ordering | UInt32(random.below(32)) << 20 | pointer << 15 | width | 30 << 7
        return [load, addi(scratch, second, UInt32(random.below(4096))), store].map { GeneratedInstruction($0) }
    }

    /// Sets or clears bits of a status register that the handlers can live with.
    private static func changeStatus(_ random: inout SeededRandom) -> [GeneratedInstruction] {
        let set: UInt32 = 2
        let clear: UInt32 = 3
        let (number, bits): (UInt32, UInt32) = random.pick([
            (0x300, 0x0074_6122), (0x100, 0x0004_6122), (0x200, 0x0000_6122), (0x600, 0x0070_0280),
        ])
        // FS is off or dirty: harts may say dirty early.
        let fs: UInt32 = number == 0x600 ? 0 : 0x6000
        var mask = bits & ~fs & UInt32(truncatingIfNeeded: random.next())
        if random.chance(10) { mask |= fs }
        // addi sign-extends: the low part stays below 2048.
        let words = [
            lui(scratch, mask & 0x7FFF_F000), addi(scratch, scratch, mask & 0x7FF),
            csr(number, random.pick([set, clear]), scratch),
        ]
        return words.map { GeneratedInstruction($0) }
    }

    /// `sret` or `mret` to an instruction ahead, with a random previous mode.
    private static func trapReturn(mode: PrivilegeMode, _ random: inout SeededRandom) -> [GeneratedInstruction] {
        let isMachine = mode == .machine && random.chance(50)
        var base = GeneratedInstruction(addi(scratch, scratch, 0), skip: 3 + Int(random.below(3)))
        base.displacementBase = 1
        let previous: UInt32 = isMachine ? 0x1800 : 0x100
        let status: UInt32 = isMachine ? 0x300 : 0x100
        var words = [
            GeneratedInstruction(scratch << 7 | 0x17), base,
            GeneratedInstruction(csr(isMachine ? 0x341 : 0x141, 1, scratch)),
            GeneratedInstruction(lui(second, previous + 0x800)),
            GeneratedInstruction(addi(second, second, previous & 0xFFF)),
            GeneratedInstruction(csr(status, random.chance(70) ? 2 : 3, second)),
        ]
        words.append(GeneratedInstruction(isMachine ? 0x3020_0073 : 0x1020_0073))
        // The return goes behind itself.
        words[1].skip = words.count - 1 + Int(random.below(3))
        return words
    }

    /// Writes a function of two instructions, orders fetches behind it, calls it.
    private static func selfModification(mode: PrivilegeMode, _ random: inout SeededRandom) -> [GeneratedInstruction] {
        let slot = UInt32(random.below(64)) * 16
        let body = addi(30, 30, UInt32(random.below(2048)))
        let base: UInt32 = mode == .user || mode == .virtualUser ? 0xC002_0000 : 0x8002_0000
        let store: UInt32 = scratch << 15 | 2 << 12 | 0x23
        func word(_ value: UInt32, at offset: UInt32) -> [UInt32] {
            // lui and addiw, with the carry of the sign.
            [
                lui(second, value &+ 0x800), value << 20 | second << 15 | second << 7 | 0x1B,
                store | second << 20 | (offset >> 5) << 25 | (offset & 31) << 7,
            ]
        }
        let pointer = address(base | slot & 0xF000, into: scratch) + [addi(scratch, scratch, slot & 0x7FF)]
        let call: [UInt32] = [0x0000_100F, scratch << 15 | 1 << 7 | 0x67]
        let all = pointer + word(body, at: 0) + word(0x0000_8067, at: 4) + call
        return all.map { GeneratedInstruction($0) }
    }

    /// Makes a software interrupt pending and enables it, at whatever level the mode can.
    private static func interrupt(_ random: inout SeededRandom) -> [GeneratedInstruction] {
        let words: [UInt32] = random.pick([
            [csr(0x144, 6, 2), csr(0x104, 6, 2), csr(0x100, 6, 2)],  // sip, sie, sstatus
            [csr(0x645, 6, 4), csr(0x604, 6, 4)],  // hvip, hie
            [csr(0x344, 6, 2), csr(0x304, 6, 2), csr(0x300, 6, 8)],  // mip, mie, mstatus
            [csr(0x645, 6, 4), csr(0x304, 6, 4), csr(0x300, 6, 2)],
        ])
        return words.map { GeneratedInstruction($0) }
    }

    /// A load or store of M-mode with the privilege and translation of another mode; elsewhere illegal instructions.
    private static func modifiedPrivilege(_ random: inout SeededRandom) -> [GeneratedInstruction] {
        let (set, clear, mstatus): (UInt32, UInt32, UInt32) = (2, 3, 0x300)
        var words = [lui(second, 0x2000), addi(second, second, 0x800), csr(mstatus, clear, second)]  // MPP
        if random.chance(50) { words += [lui(second, 0x1000), addi(second, second, 0x800), csr(mstatus, set, second)] }
        let virtual = [addi(second, 0, 1), shiftLeft(second, 39)]  // MPV
        let isVirtual = random.chance(50)
        if isVirtual { words += virtual + [csr(mstatus, set, second)] }
        words += [lui(scratch, 0x2_0000), csr(mstatus, set, scratch)]  // MPRV
        for _ in 0...random.below(2) {
            let pointer = 8 + UInt32(random.below(8))
            words.append(random.chance(50) ? load(30, pointer) : store(30, pointer))
        }
        words.append(csr(mstatus, clear, scratch))
        if isVirtual { words += virtual + [csr(mstatus, clear, second)] }
        return words.map { GeneratedInstruction($0) }
    }

    /// Changes an entry of a window of the first stage, or of the G-stage, orders it, and uses it.
    private static func changePageTable(_ random: inout SeededRandom) -> [GeneratedInstruction] {
        let isGuest = random.chance(30)
        let isUser = random.chance(30)
        let page = UInt32(random.below(512))
        let data = UInt32((Layout.data >> 12) + random.below(Layout.dataPages))
        var flags = UInt32(random.below(256)) | 1
        if random.chance(60) { flags |= 0xC7 }
        // No pointers: W alone is reserved, as good as anything.
        if flags & 0xE == 0 { flags |= 2 }
        let entry = isGuest ? data << 10 | flags | 0x10 : data << 10 | flags
        let table =
            isGuest ? PageTables.guestIdentity : isUser ? PageTables.windows.user : PageTables.windows.supervisor
        let index = isGuest ? data & 0x1FF : page
        let window: UInt64 =
            isGuest ? Layout.base + UInt64(index) << 12 : Layout.randomPages[isUser ? 1 : 0] + UInt64(page) << 12
        var words = [lui(second, entry &+ 0x800), addi(second, second, entry & 0xFFF)]
        words += address(UInt32(table), into: scratch)
        words += [addi(scratch, scratch, index * 8 & 0x7FF)]
        if index * 8 & 0x800 != 0 { words += [addi(scratch, scratch, 0x7FF), addi(scratch, scratch, 1)] }
        words.append(store(second, scratch))
        words += address(UInt32(truncatingIfNeeded: window), into: scratch)
        let fenced = random.chance(50) ? 0 : scratch
        // Illegal below HS-mode: the log shows it.
        words.append(0x1200_0073 | fenced << 15)  // sfence.vma
        words += [0x2200_0073, 0x6200_0073]  // hfence.vvma, hfence.gvma
        words += [addi(scratch, scratch, UInt32(random.below(256)) * 8), load(30, scratch)]
        if random.chance(50) { words += [store(30, scratch), load(30, scratch)] }
        return words.map { GeneratedInstruction($0) }
    }

    private static func shiftLeft(_ register: UInt32, _ count: UInt32) -> UInt32 {
        count << 20 | register << 15 | 1 << 12 | register << 7 | 0x13
    }

    private static func load(_ register: UInt32, _ base: UInt32) -> UInt32 {
        base << 15 | 3 << 12 | register << 7 | 0x03
    }

    private static func store(_ register: UInt32, _ base: UInt32) -> UInt32 {
        register << 20 | base << 15 | 3 << 12 | 0x23
    }
}
