import Testing

@testable import RV64Core

/// The test vectors of FIPS 197 and FIPS 180-4, computed with the instructions as the manual's notes to software
/// developers use them.
@Suite("Scalar cryptography")
struct CryptographyTests {
    /// Executes an instruction on plain values.
    private static func execute(_ opcode: Opcode, _ a: UInt64, _ b: UInt64 = 0, _ immediate: Int32 = 0) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 4) { x in
            x.initialize(repeating: 0)
            x[1] = a
            x[2] = b
            guard let base = x.baseAddress else { return 0 }
            let instruction = DecodedInstruction(
                opcode: opcode,
                rd: 3,
                rs1: 1,
                rs2: 2,
                immediate: immediate,
                raw: 0
            )
            guard case .scalar(let operation) = opcode.execution else { return 0 }
            ScalarExtensions.execute(operation, instruction, base)
            return x[3]
        }
    }

    // MARK: - AES

    private static func words(_ bytes: [UInt8]) -> [UInt64] {
        stride(from: 0, to: bytes.count, by: 8).map { start in
            (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
    }

    /// The round keys, two words each, made in the steps of each key length.
    private static func expandedKey(_ key: [UInt8]) -> [UInt64] {
        var keys = words(key)
        let count = keys.count
        let needed = 2 * (2 * count + 7)
        var round: Int32 = 0
        while keys.count < needed {
            let last = keys[keys.count - 1]
            var seed = execute(.aes64ks1i, last, 0, round)
            round += 1
            for index in 0..<count {
                // AES-256 substitutes once more in the middle, without a round constant.
                if count == 4, index == 2 { seed = execute(.aes64ks1i, keys[keys.count - 1], 0, 10) }
                let previous = index == 0 || (count == 4 && index == 2) ? seed : keys[keys.count - 1]
                keys.append(execute(.aes64ks2, previous, keys[keys.count - count]))
            }
        }
        return keys
    }

    struct Vector: Sendable, CustomTestStringConvertible {
        let keyLength: Int
        let cipher: [UInt8]
        var testDescription: String { "AES-\(keyLength * 8)" }
    }

    // FIPS 197, appendix C.
    static let vectors: [Vector] = [
        Vector(
            keyLength: 16,
            cipher: [
                0x69, 0xC4, 0xE0, 0xD8, 0x6A, 0x7B, 0x04, 0x30, 0xD8, 0xCD, 0xB7, 0x80, 0x70, 0xB4, 0xC5, 0x5A,
            ]
        ),
        Vector(
            keyLength: 24,
            cipher: [
                0xDD, 0xA9, 0x7C, 0xA4, 0x86, 0x4C, 0xDF, 0xE0, 0x6E, 0xAF, 0x70, 0xA0, 0xEC, 0x0D, 0x71, 0x91,
            ]
        ),
        Vector(
            keyLength: 32,
            cipher: [
                0x8E, 0xA2, 0xB7, 0xCA, 0x51, 0x67, 0x45, 0xBF, 0xEA, 0xFC, 0x49, 0x90, 0x4B, 0x49, 0x60, 0x89,
            ]
        ),
    ]

    /// norm:aes64es_op norm:aes64esm_op norm:aes64ds_op norm:aes64dsm_op norm:aes64im_op norm:aes64ks1i_op
    /// norm:aes64ks2_op
    @Test("FIPS 197, appendix C", arguments: vectors)
    func aes(vector: Vector) {
        let rounds = vector.keyLength / 4 + 6
        let keys = Self.expandedKey((0..<UInt8(vector.keyLength)).map { $0 })
        let plain = Self.words((0..<16).map { UInt8($0 * 0x11) })
        let cipher = Self.words(vector.cipher)

        var state = (plain[0] ^ keys[0], plain[1] ^ keys[1])
        for round in 1...rounds {
            let opcode: Opcode = round == rounds ? .aes64es : .aes64esm
            state = (Self.execute(opcode, state.0, state.1), Self.execute(opcode, state.1, state.0))
            state = (state.0 ^ keys[2 * round], state.1 ^ keys[2 * round + 1])
        }
        #expect([state.0, state.1] == cipher)

        // The equivalent inverse cipher: the inner round keys go through InvMixColumns.
        state = (cipher[0] ^ keys[2 * rounds], cipher[1] ^ keys[2 * rounds + 1])
        for round in (0..<rounds).reversed() {
            let opcode: Opcode = round == 0 ? .aes64ds : .aes64dsm
            state = (Self.execute(opcode, state.0, state.1), Self.execute(opcode, state.1, state.0))
            let key = keys[(2 * round)...(2 * round + 1)].map { round == 0 ? $0 : Self.execute(.aes64im, $0) }
            state = (state.0 ^ key[0], state.1 ^ key[1])
        }
        #expect([state.0, state.1] == plain)
    }

    // MARK: - SHA-2

    /// The initial hash value and the constants of SHA-512; those of SHA-256 are their upper halves.
    private static let initial: [UInt64] = [
        0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1,
        0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F, 0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179,
    ]

    private static let constants: [UInt64] = [
        0x428A_2F98_D728_AE22, 0x7137_4491_23EF_65CD, 0xB5C0_FBCF_EC4D_3B2F, 0xE9B5_DBA5_8189_DBBC,
        0x3956_C25B_F348_B538, 0x59F1_11F1_B605_D019, 0x923F_82A4_AF19_4F9B, 0xAB1C_5ED5_DA6D_8118,
        0xD807_AA98_A303_0242, 0x1283_5B01_4570_6FBE, 0x2431_85BE_4EE4_B28C, 0x550C_7DC3_D5FF_B4E2,
        0x72BE_5D74_F27B_896F, 0x80DE_B1FE_3B16_96B1, 0x9BDC_06A7_25C7_1235, 0xC19B_F174_CF69_2694,
        0xE49B_69C1_9EF1_4AD2, 0xEFBE_4786_384F_25E3, 0x0FC1_9DC6_8B8C_D5B5, 0x240C_A1CC_77AC_9C65,
        0x2DE9_2C6F_592B_0275, 0x4A74_84AA_6EA6_E483, 0x5CB0_A9DC_BD41_FBD4, 0x76F9_88DA_8311_53B5,
        0x983E_5152_EE66_DFAB, 0xA831_C66D_2DB4_3210, 0xB003_27C8_98FB_213F, 0xBF59_7FC7_BEEF_0EE4,
        0xC6E0_0BF3_3DA8_8FC2, 0xD5A7_9147_930A_A725, 0x06CA_6351_E003_826F, 0x1429_2967_0A0E_6E70,
        0x27B7_0A85_46D2_2FFC, 0x2E1B_2138_5C26_C926, 0x4D2C_6DFC_5AC4_2AED, 0x5338_0D13_9D95_B3DF,
        0x650A_7354_8BAF_63DE, 0x766A_0ABB_3C77_B2A8, 0x81C2_C92E_47ED_AEE6, 0x9272_2C85_1482_353B,
        0xA2BF_E8A1_4CF1_0364, 0xA81A_664B_BC42_3001, 0xC24B_8B70_D0F8_9791, 0xC76C_51A3_0654_BE30,
        0xD192_E819_D6EF_5218, 0xD699_0624_5565_A910, 0xF40E_3585_5771_202A, 0x106A_A070_32BB_D1B8,
        0x19A4_C116_B8D2_D0C8, 0x1E37_6C08_5141_AB53, 0x2748_774C_DF8E_EB99, 0x34B0_BCB5_E19B_48A8,
        0x391C_0CB3_C5C9_5A63, 0x4ED8_AA4A_E341_8ACB, 0x5B9C_CA4F_7763_E373, 0x682E_6FF3_D6B2_B8A3,
        0x748F_82EE_5DEF_B2FC, 0x78A5_636F_4317_2F60, 0x84C8_7814_A1F0_AB72, 0x8CC7_0208_1A64_39EC,
        0x90BE_FFFA_2363_1E28, 0xA450_6CEB_DE82_BDE9, 0xBEF9_A3F7_B2C6_7915, 0xC671_78F2_E372_532B,
        0xCA27_3ECE_EA26_619C, 0xD186_B8C7_21C0_C207, 0xEADA_7DD6_CDE0_EB1E, 0xF57D_4F7F_EE6E_D178,
        0x06F0_67AA_7217_6FBA, 0x0A63_7DC5_A2C8_98A6, 0x113F_9804_BEF9_0DAE, 0x1B71_0B35_131C_471B,
        0x28DB_77F5_2304_7D84, 0x32CA_AB7B_40C7_2493, 0x3C9E_BE0A_15C9_BEBC, 0x431D_67C4_9C10_0D4C,
        0x4CC5_D4BE_CB3E_42B6, 0x597F_299C_FC65_7E2A, 0x5FCB_6FAB_3AD6_FAEC, 0x6C44_198C_4A47_5817,
    ]

    private static func add(_ values: UInt64..., width: UInt64) -> UInt64 {
        let sum = values.reduce(0, &+)
        return width == 64 ? sum : UInt64(UInt32(truncatingIfNeeded: sum))
    }

    /// One block of SHA-256 (`width` 32) or SHA-512 (64): the message "abc", padded.
    private static func digestOfABC(width: UInt64, _ sum: [Opcode], _ sigma: [Opcode], rounds: Int) -> [UInt64] {
        func apply(_ opcode: Opcode, _ value: UInt64) -> UInt64 {
            let result = execute(opcode, value)
            return width == 64 ? result : result & 0xFFFF_FFFF
        }
        var schedule = [UInt64](repeating: 0, count: 16)
        schedule[0] = 0x6162_6380 << (width - 32)
        schedule[15] = 24
        for t in 16..<rounds {
            schedule.append(
                add(
                    apply(sigma[1], schedule[t - 2]),
                    schedule[t - 7],
                    apply(sigma[0], schedule[t - 15]),
                    schedule[t - 16],
                    width: width
                )
            )
        }
        let initial = Self.initial.map { $0 >> (64 - width) }
        var v = initial
        for t in 0..<rounds {
            let choice = v[4] & v[5] ^ ~v[4] & v[6]
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
            let constant = constants[t] >> (64 - width)
            let first = add(v[7], apply(sum[1], v[4]), choice, constant, schedule[t], width: width)
            let second = add(apply(sum[0], v[0]), majority, width: width)
            v = [add(first, second, width: width), v[0], v[1], v[2], add(v[3], first, width: width), v[4], v[5], v[6]]
        }
        return zip(initial, v).map { add($0, $1, width: width) }
    }

    /// norm:sha256sum0_op norm:sha256sum1_op norm:sha256sig0_op norm:sha256sig1_op
    @Test("SHA-256 of abc")
    func sha256() {
        let digest = Self.digestOfABC(
            width: 32,
            [.sha256sum0, .sha256sum1],
            [.sha256sig0, .sha256sig1],
            rounds: 64
        )
        #expect(
            digest == [
                0xBA78_16BF, 0x8F01_CFEA, 0x4141_40DE, 0x5DAE_2223, 0xB003_61A3, 0x9617_7A9C, 0xB410_FF61, 0xF200_15AD,
            ]
        )
    }

    /// norm:sha512sum0_op norm:sha512sum1_op norm:sha512sig0_op norm:sha512sig1_op
    @Test("SHA-512 of abc")
    func sha512() {
        let digest = Self.digestOfABC(
            width: 64,
            [.sha512sum0, .sha512sum1],
            [.sha512sig0, .sha512sig1],
            rounds: 80
        )
        #expect(
            digest == [
                0xDDAF_35A1_9361_7ABA, 0xCC41_7349_AE20_4131, 0x12E6_FA4E_89A9_7EA2, 0x0A9E_EEE6_4B55_D39A,
                0x2192_992A_274F_C1A8, 0x36BA_3C23_A3FE_EBBD, 0x454D_4423_643C_E80E, 0x2A9A_C94F_A54C_A49F,
            ]
        )
    }

    @Test("32-bit results are sign-extended, and the upper half of the operand does not matter")
    func signExtension() {
        for opcode in [Opcode.sha256sum0, .sha256sum1, .sha256sig0, .sha256sig1] {
            for value: UInt64 in [1, 0x8000_0000, 0xDEAD_BEEF, 0x1234_5678] {
                let result = Self.execute(opcode, value)
                #expect(result == UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: result))))
                #expect(Self.execute(opcode, value | 0xFFFF_0000_0000_0000) == result)
            }
        }
    }
}
