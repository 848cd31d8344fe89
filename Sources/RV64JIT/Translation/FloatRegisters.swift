import RV64Core

/// The f registers that a block keeps in the host's, and what is known of them where code is being written.
///
/// At the edges of a block all of them are in the hart's area, but for a loop's way back to its own start.
struct FloatRegisters {
    /// Sets have a bit for each f register.
    struct Knowledge {
        /// In the host's registers.
        var loaded: UInt32 = 0
        /// And nowhere else.
        var dirty: UInt32 = 0
        /// Results that are the host's NaN where they are one: doubles, and singles.
        var doubles: UInt32 = 0
        var singles: UInt32 = 0
        /// Singles with ones above them.
        var boxed: UInt32 = 0
        /// The host's unit is the guest's.
        var isUnitReady = false

        var unsettled: UInt32 { doubles | singles }
    }

    /// xmm2 to xmm15: the others hold nothing that lasts.
    private static let limit = 14
    private static let first: UInt8 = 2

    private var hosts = InlineArray<32, UInt8>(repeating: 0)
    /// Those that have a register of the host's.
    private(set) var kept: UInt32 = 0
    /// Those of them that the block writes.
    private(set) var written: UInt32 = 0
    var now = Knowledge()

    /// None.
    init() {}

    /// Those that are used most.
    init(counts: InlineArray<32, UInt8>, written: UInt32) {
        var counts = counts
        for number in 0..<Self.limit {
            var best = 0
            for register in 1..<32 where counts[register] > counts[best] { best = register }
            guard counts[best] > 0 else { break }
            counts[best] = 0
            kept |= 1 &<< UInt32(best)
            hosts[best] = Self.first + UInt8(number)
        }
        self.written = written & kept
    }

    func host(_ register: UInt8) -> HostVector? {
        HostVector(rawValue: hosts[Int(register & 31)]).flatMap { keeps(register) ? $0 : nil }
    }

    func keeps(_ register: UInt8) -> Bool { kept & Self.bit(register) != 0 }

    static func bit(_ register: UInt8) -> UInt32 { 1 &<< UInt32(register & 31) }

    /// The registers of a set, least first.
    static func forEach(_ set: UInt32, _ body: (UInt8) -> Void) {
        var rest = set
        while rest != 0 {
            body(UInt8(truncatingIfNeeded: rest.trailingZeroBitCount))
            rest &= rest &- 1
        }
    }
}

extension DecodedInstruction {
    /// The f registers that it reads and writes, as bits.
    var floatRegisters: (read: UInt32, written: UInt32) {
        let (first, second, target) = (FloatRegisters.bit(rs1), FloatRegisters.bit(rs2), FloatRegisters.bit(rd))
        switch opcode.execution {
        case .floatLoad: return (0, target)
        case .floatStore: return (second, 0)
        case .float(let operation, _):
            switch operation {
            case .add, .subtract, .multiply, .divide, .sign, .negatedSign, .exclusiveOrSign, .minimum, .maximum,
                .minimumPropagatingNaN, .maximumPropagatingNaN:
                return (first | second, target)
            case .multiplyAdd, .multiplySubtract, .negatedMultiplySubtract, .negatedMultiplyAdd:
                return (first | second | FloatRegisters.bit(rs3), target)
            case .squareRoot, .round, .roundExact, .fromHalf, .fromSingle, .fromDouble: return (first, target)
            case .equal, .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet: return (first | second, 0)
            case .classify, .toInt32, .toUInt32, .toInt64, .toUInt64, .toInt32Modulo, .moveToInteger:
                return (first, 0)
            case .constant, .fromInt32, .fromUInt32, .fromInt64, .fromUInt64, .moveFromInteger: return (0, target)
            }
        case .loop, .jump, .load, .store, .scalar, .atomic, .modify, .cacheBlock, .csr, .hypervisorLoad,
            .hypervisorStore, .system, .illegal:
            return (0, 0)
        }
    }
}
