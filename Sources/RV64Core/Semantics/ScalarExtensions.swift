/// The computational instructions on integer registers that are too rare, or too long, for a case of their own in
/// the interpreter's loop: Zbc, Zbkb, Zbkx and Zkn.
enum ScalarExtensions {
    /// Executes one on the integer registers `x`, which have the sink for writes to x0.
    @inline(never)
    static func execute(_ operation: ScalarOperation, _ i: DecodedInstruction, _ x: UnsafeMutablePointer<UInt64>) {
        x[i.rd] = result(operation, x[i.rs1], x[i.rs2], UInt64(bitPattern: Int64(i.immediate)))
    }

    private static func result(_ operation: ScalarOperation, _ a: UInt64, _ b: UInt64, _ immediate: UInt64) -> UInt64 {
        switch operation {
        case .clmul: CarrylessMultiply.low(a, b)
        case .clmulh: CarrylessMultiply.high(a, b)
        case .clmulr: CarrylessMultiply.reversed(a, b)
        case .pack: PackAndPermute.words(a, b)
        case .packh: PackAndPermute.bytes(a, b)
        case .packw: PackAndPermute.halves(a, b)
        case .brev8: PackAndPermute.bitReversedBytes(a)
        case .xperm4: PackAndPermute.permuted(a, b, width: 4)
        case .xperm8: PackAndPermute.permuted(a, b, width: 8)
        case .aes64es: AES.encrypted(a, b, .unmixed)
        case .aes64esm: AES.encrypted(a, b, .mixed)
        case .aes64ds: AES.decrypted(a, b, .unmixed)
        case .aes64dsm: AES.decrypted(a, b, .mixed)
        case .aes64im: AES.inverseMixed(a)
        case .aes64ks1i: AES.keySchedule(a, round: immediate)
        case .aes64ks2: AES.keyScheduleSum(a, b)
        case .sha256sum0: SHA2.sum256(a, 2, 13, 22)
        case .sha256sum1: SHA2.sum256(a, 6, 11, 25)
        case .sha256sig0: SHA2.schedule256(a, 7, 18, shift: 3)
        case .sha256sig1: SHA2.schedule256(a, 17, 19, shift: 10)
        case .sha512sum0: SHA2.sum512(a, 28, 34, 39)
        case .sha512sum1: SHA2.sum512(a, 14, 18, 41)
        case .sha512sig0: SHA2.schedule512(a, 1, 8, shift: 7)
        case .sha512sig1: SHA2.schedule512(a, 19, 61, shift: 6)
        }
    }
}
