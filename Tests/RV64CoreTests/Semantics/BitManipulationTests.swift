import Testing

@testable import RV64Core

/// Each instruction against a formula of its own, bit by bit as in the manual's operation listings.
@Suite("Bit manipulation")
struct BitManipulationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let opcode: Opcode
        var immediate: Int32 = 0
        let reference: @Sendable (UInt64, UInt64) -> UInt64
        var testDescription: String { "\(opcode) \(immediate)" }
    }

    private static func check(_ row: Row) throws {
        let instruction = try SingleInstruction(row.opcode, row.immediate)
        for (a, b) in SampleOperands.pairs {
            let (found, expected) = (instruction(a, b), row.reference(a, b))
            if found != expected { Issue.record("\(row.opcode) of \(a) and \(b): \(found ?? 0), not \(expected)") }
        }
    }

    private static func count(_ range: some Sequence<Int>, while isZero: (Int) -> Bool) -> UInt64 {
        UInt64(range.prefix { isZero($0) }.map { _ in 1 }.reduce(0, +))
    }

    static let addressRows: [Row] = [
        Row(opcode: .addUw) { ($0 & 0xFFFF_FFFF) &+ $1 },
        Row(opcode: .sh1add) { $0 &* 2 &+ $1 }, Row(opcode: .sh2add) { $0 &* 4 &+ $1 },
        Row(opcode: .sh3add) { $0 &* 8 &+ $1 },
        Row(opcode: .sh1addUw) { ($0 & 0xFFFF_FFFF) &* 2 &+ $1 },
        Row(opcode: .sh2addUw) { ($0 & 0xFFFF_FFFF) &* 4 &+ $1 },
        Row(opcode: .sh3addUw) { ($0 & 0xFFFF_FFFF) &* 8 &+ $1 },
        Row(opcode: .slliUw) { a, _ in a & 0xFFFF_FFFF },
        Row(opcode: .slliUw, immediate: 33) { a, _ in (a & 0xFFFF_FFFF) << 33 },
        Row(opcode: .slliUw, immediate: 63) { a, _ in a << 63 },
    ]

    /// norm:bitmanip_uw_suffix_semantics norm:sh1add_uw_op norm:sh2add_uw_op norm:sh3add_uw_op
    /// norm:add_uw_op norm:sh1add_op norm:sh2add_op norm:sh3add_op norm:slli_uw_op
    @Test("Zba", arguments: addressRows)
    func addressGeneration(row: Row) throws { try Self.check(row) }

    static let basicRows: [Row] = [
        Row(opcode: .andn) { a, b in .bits { a[bit: $0] && !b[bit: $0] } },
        Row(opcode: .orn) { a, b in .bits { a[bit: $0] || !b[bit: $0] } },
        Row(opcode: .xnor) { a, b in .bits { a[bit: $0] == b[bit: $0] } },
        Row(opcode: .clz) { a, _ in count((0..<64).reversed()) { !a[bit: $0] } },
        Row(opcode: .clzw) { a, _ in count((0..<32).reversed()) { !a[bit: $0] } },
        Row(opcode: .ctz) { a, _ in count(0..<64) { !a[bit: $0] } },
        Row(opcode: .ctzw) { a, _ in count(0..<32) { !a[bit: $0] } },
        Row(opcode: .cpop) { a, _ in UInt64((0..<64).count { a[bit: $0] }) },
        Row(opcode: .cpopw) { a, _ in UInt64((0..<32).count { a[bit: $0] }) },
        Row(opcode: .max) { UInt64(bitPattern: Swift.max(Int64(bitPattern: $0), Int64(bitPattern: $1))) },
        Row(opcode: .min) { UInt64(bitPattern: Swift.min(Int64(bitPattern: $0), Int64(bitPattern: $1))) },
        Row(opcode: .maxu) { Swift.max($0, $1) }, Row(opcode: .minu) { Swift.min($0, $1) },
        Row(opcode: .sextB) { a, _ in a.extended(from: 8) }, Row(opcode: .sextH) { a, _ in a.extended(from: 16) },
        Row(opcode: .zextH) { a, _ in a % 0x1_0000 },
        Row(opcode: .rol) { a, b in .bits { a[bit: ($0 + 64 - Int(b % 64)) % 64] } },
        Row(opcode: .ror) { a, b in .bits { a[bit: ($0 + Int(b % 64)) % 64] } },
        Row(opcode: .rolw) { a, b in UInt64.bits { a[bit: ($0 % 32 + 32 - Int(b % 32)) % 32] }.extended(from: 32) },
        Row(opcode: .rorw) { a, b in UInt64.bits { a[bit: ($0 % 32 + Int(b % 32)) % 32] }.extended(from: 32) },
        Row(opcode: .rori) { a, _ in a },
        Row(opcode: .rori, immediate: 61) { a, _ in .bits { a[bit: ($0 + 61) % 64] } },
        Row(opcode: .roriw) { a, _ in a.extended(from: 32) },
        Row(opcode: .roriw, immediate: 31) { a, _ in UInt64.bits { a[bit: ($0 + 31) % 32] }.extended(from: 32) },
        Row(opcode: .orcB) { a, _ in .bytes { a.byte($0) == 0 ? 0 : 0xFF } },
        Row(opcode: .rev8) { a, _ in .bytes { a.byte(7 - $0) } },
    ]

    /// norm:andn_op norm:orn_op norm:xnor_op norm:clzw_op norm:cpopw_op norm:ctzw_op norm:max_op norm:maxu_op
    /// norm:minu_op norm:rolw_op norm:rori_op norm:roriw_op norm:rorw_op norm:sext_b_op norm:sext_h_op norm:zext_h_op
    /// norm:bitmanip_w_suffix_semantics norm:zbb_sign_zero_extension_function norm:zbb_rotate_semantics
    /// norm:zbb_orc_b_semantics
    /// norm:clz_op norm:ctz_op norm:cpop_op norm:orc_b_op norm:rev8_op norm:rol_op norm:ror_op norm:min_op
    @Test("Zbb", arguments: basicRows)
    func basic(row: Row) throws { try Self.check(row) }

    static let singleBitRows: [Row] = [
        Row(opcode: .bclr) { a, b in .bits { $0 == Int(b % 64) ? false : a[bit: $0] } },
        Row(opcode: .bext) { a, b in a[bit: Int(b % 64)] ? 1 : 0 },
        Row(opcode: .binv) { a, b in .bits { a[bit: $0] != ($0 == Int(b % 64)) } },
        Row(opcode: .bset) { a, b in .bits { $0 == Int(b % 64) || a[bit: $0] } },
    ]

    /// The immediate forms do what the others do with the immediate.
    static let immediateRows: [Row] = zip([Opcode.bclri, .bexti, .binvi, .bseti], singleBitRows).flatMap {
        opcode,
        row in
        [0, 31, 32, 63].map { (number: Int32) in
            Row(opcode: opcode, immediate: number) { a, _ in row.reference(a, UInt64(number)) }
        }
    }

    /// norm:bclri_op norm:bexti_op norm:binvi_op norm:bseti_op norm:zbs_single_bit_functionality
    /// norm:bclr_op norm:bext_op norm:binv_op norm:bset_op
    @Test("Zbs", arguments: singleBitRows + immediateRows)
    func singleBit(row: Row) throws { try Self.check(row) }

    /// Bit n of a product of polynomials.
    private static func product(_ a: UInt64, _ b: UInt64, bit n: Int) -> Bool {
        (Swift.max(0, n - 63)..<Swift.min(n + 1, 64)).count { a[bit: $0] && b[bit: n - $0] } % 2 == 1
    }

    static let carrylessRows: [Row] = [
        Row(opcode: .clmul) { a, b in .bits { product(a, b, bit: $0) } },
        Row(opcode: .clmulh) { a, b in .bits { product(a, b, bit: $0 + 64) } },
        Row(opcode: .clmulr) { a, b in .bits { product(a, b, bit: $0 + 63) } },
    ]

    /// norm:zbc_clmul_clmulh_results norm:zbc_clmulr_results
    /// norm:clmul_op norm:clmulh_op norm:clmulr_op
    @Test("Zbc", arguments: carrylessRows)
    func carryless(row: Row) throws { try Self.check(row) }

    static let cryptographyRows: [Row] = [
        Row(opcode: .pack) { a, b in .bytes { $0 < 4 ? a.byte($0) : b.byte($0 - 4) } },
        Row(opcode: .packh) { a, b in a.byte(0) + b.byte(0) * 256 },
        Row(opcode: .packw) { a, b in UInt64.bytes { $0 % 4 < 2 ? a.byte($0 % 2) : b.byte($0 % 2) }.extended(from: 32)
        },
        Row(opcode: .brev8) { a, _ in .bits { a[bit: $0 / 8 * 8 + 7 - $0 % 8] } },
        Row(opcode: .xperm8) { a, b in .bytes { b.byte($0) < 8 ? a.byte(Int(b.byte($0))) : 0 } },
        Row(opcode: .xperm4) { a, b in
            .bits { bit in
                let index = Int(b >> UInt64(bit / 4 * 4) & 15)
                return a[bit: index * 4 + bit % 4]
            }
        },
        Row(opcode: .czeroEqz) { $1 == 0 ? 0 : $0 }, Row(opcode: .czeroNez) { $1 == 0 ? $0 : 0 },
        Row(opcode: .mopR) { _, _ in 0 }, Row(opcode: .mopRr) { _, _ in 0 },
    ]

    /// norm:pack_op norm:packh_op norm:packw_op norm:brev8_op norm:xperm4_op norm:xperm8_op norm:czero-eqz_op
    /// norm:czero-nez_op norm:Zimop_mop-rr_op norm:zbkx_lookup_table_model norm:zbkx_indexing_behavior
    /// norm:Zimop_mop-r_op
    @Test("Zbkb, Zbkx, Zicond, Zimop", arguments: cryptographyRows)
    func packing(row: Row) throws { try Self.check(row) }

    @Test("Writes to x0 vanish", arguments: [Opcode.sh1add, .clz, .clmul, .sha256sum0, .aes64ks2, .mopR, .xperm8])
    func sink(opcode: Opcode) throws {
        let instruction = try SingleInstruction(opcode, rd: .zero)
        _ = instruction(0x1234, 0x5678)
        #expect(instruction.machine[.zero] == 0)
    }
}
