/// Where things lie in the 2 MiB that both machines see at the same address; runtime.S has the same numbers.
enum Layout {
    static let base: UInt64 = 0x8000_0000
    /// What is compared, and what the page tables map one to one.
    static let size: UInt64 = 0x20_0000
    /// All of the machines' RAM: QEMU puts its device tree at the end.
    static let memory: UInt64 = 0x80_0000

    /// The cases' instructions; PMP makes them and the runtime read-only, for M-mode too.
    static let code: UInt64 = 0x8000_8000
    static let codeEnd: UInt64 = 0x8002_0000
    /// A page that is written and executed.
    static let patched: UInt64 = 0x8002_0000
    static let data: UInt64 = 0x8002_2000
    static let dataPages: UInt64 = 14
    static let tables: UInt64 = 0x8004_0000
    static let tablesEnd: UInt64 = 0x8008_0000
    static let cases: UInt64 = 0x8008_0000
    static let results: UInt64 = 0x800A_0000
    static let logs: UInt64 = 0x800C_0000
    static let logsEnd: UInt64 = 0x8014_0000

    /// Tables of the vectored traps.
    static let machineVectors: UInt64 = 0x8000_3000
    static let supervisorVectors: UInt64 = 0x8000_4000
    static let virtualVectors: UInt64 = 0x8000_5000

    static let caseSize: UInt64 = 1024
    static let caseLimit = 128
    static let logSize: UInt64 = 4096
    static let recordSize: UInt64 = 192

    /// Virtual windows: one to one for S-mode, the same pages for U-mode, pages of random attributes, superpages.
    static let userAlias: UInt64 = 0xC000_0000
    static let randomPages: [UInt64] = [0x8020_0000, 0xC020_0000]
    static let superpages: [UInt64] = [0x8040_0000, 0xC040_0000, 0x1_0000_0000, 0x1_4000_0000, 0x80_8000_0000]
}

/// Fields of a case and of its result, by their offsets.
enum CaseField: UInt64, CaseIterable {
    case entry = 0
    case status = 8
    case satp = 16
    case vsatp = 24
    case hgatp = 32
    case medeleg = 40
    case hedeleg = 48
    case mideleg = 56
    case hideleg = 64
    case hstatus = 72
    case vsstatus = 80
    case fcsr = 88
    case mtvec = 96
    case stvec = 104
    case vstvec = 112

    /// Of cases, in the first one.
    static let count: UInt64 = 120
    static let x: UInt64 = 256
    static let f: UInt64 = 512
}

/// Bytes of memory while they are being put together.
struct MemoryImage {
    private(set) var bytes = [UInt8](repeating: 0, count: Int(Layout.size))

    mutating func write(_ value: UInt64, at address: UInt64) {
        for index in 0..<8 {
            bytes[Int(address - Layout.base) + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }

    mutating func write(_ contents: some Collection<UInt8>, at address: UInt64) {
        let start = Int(address - Layout.base)
        bytes.replaceSubrange(start..<start + contents.count, with: contents)
    }
}

extension [UInt8] {
    /// The little-endian double word at a guest-physical address of the compared memory.
    func word(at address: UInt64) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(self[Int(address - Layout.base) + $1]) << (8 * UInt64($1)) }
    }
}

/// A random source that a seed repeats.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// True in `percent` of 100 calls.
    mutating func chance(_ percent: UInt64) -> Bool { next() % 100 < percent }

    mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int(next() % UInt64(choices.count))] }

    /// The number that stands with the weight that the draw fell on.
    mutating func weighted<T>(_ choices: [(weight: UInt64, value: T)]) -> T {
        var draw = next() % choices.reduce(0) { $0 + $1.weight }
        for choice in choices {
            if draw < choice.weight { return choice.value }
            draw -= choice.weight
        }
        return choices[0].value
    }

    /// Numbers at which arithmetic goes wrong, and others.
    mutating func interesting() -> UInt64 {
        switch below(8) {
        case 0: return pick([0, 1, 2, ~0, ~1, 1 << 63, (1 << 63) - 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32])
        case 1: return below(256)
        case 2: return ~below(256)
        case 3: return 1 << below(64)
        case 4: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: next())))
        default: return next()
        }
    }

    /// Floating-point bit patterns: zeros, infinities, NaNs, subnormals, boxed and unboxed singles, and others.
    mutating func floatBits() -> UInt64 {
        let doubles: [UInt64] = [
            0, 1 << 63, 0x3FF0_0000_0000_0000, 0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000, 0x7FF8_0000_0000_0000,
            0x7FF0_0000_0000_0001, 1, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF,
            0x43E0_0000_0000_0000, 0xC3E0_0000_0000_0000, 0x41DF_FFFF_FFC0_0000,
        ]
        let singles: [UInt64] = [
            0, 0x8000_0000, 0x3F80_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 1, 0x007F_FFFF,
            0x0080_0000, 0x7F7F_FFFF, 0x4F00_0000, 0xCF00_0000, 0x5F00_0000,
        ]
        switch below(6) {
        case 0: return pick(doubles)
        case 1: return 0xFFFF_FFFF_0000_0000 | pick(singles)
        case 2: return 0xFFFF_FFFF_0000_0000 | next() >> 32
        case 3: return (1023 - 20 + below(40)) << 52 | next() >> 12 | next() << 63
        default: return next()
        }
    }
}
