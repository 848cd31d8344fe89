import Platform

/// Where an instruction is executed, and as which operation: a column of its row.
///
/// Opcodes tell instructions apart; this says what is to be done, with the variants of one thing (width, sign, format)
/// as parameters. What runs below the engines switches over these small enums and never over all opcodes, so that an
/// operation that nobody executes does not compile.
package enum Execution: Equatable, Sendable, BitwiseCopyable {
    /// By each engine itself: an integer computation of a line.
    case loop
    /// By each engine itself; below it only where the target may be misaligned.
    case jump(JumpCondition)
    /// Loads and stores: by the engines where the TLB has the page.
    case load(AccessWidth, ValueExtension)
    case store(AccessWidth)
    case floatLoad(FloatFormat)
    case floatStore(FloatFormat)
    case float(FloatOperation, FloatFormat)
    case scalar(ScalarOperation)
    case atomic(AtomicOperation, AccessWidth)
    case modify(AtomicModification, AccessWidth)
    case cacheBlock(CacheBlockOperation)
    /// From here on with pc and counters written back: mode, translation or control state may change.
    case csr(CSROperation, CSROperand)
    case hypervisorLoad(AccessWidth, ValueExtension)
    case hypervisorStore(AccessWidth)
    case system(SystemOperation)
    /// No instruction: ``Opcode/illegal``.
    case illegal

    /// With pc and counters written back, because the execution context may change.
    package var isSystem: Bool {
        switch self {
        case .loop, .jump, .load, .store, .floatLoad, .floatStore, .float, .scalar, .atomic, .modify, .cacheBlock: false
        case .csr, .hypervisorLoad, .hypervisorStore, .system, .illegal: true
        }
    }
}

/// When a jump jumps.
package enum JumpCondition: Sendable, BitwiseCopyable {
    /// JAL.
    case always
    /// JALR: to an address in a register.
    case register
    case equal, notEqual, less, greaterOrEqual, lessUnsigned, greaterOrEqualUnsigned
}

/// How a value shorter than the register fills it.
package enum ValueExtension: Sendable, BitwiseCopyable {
    case signExtended
    case zeroExtended
    /// HLVX: zero-extended, and execute permission takes the place of read permission.
    case executable
}

package enum FloatFormat: Sendable, BitwiseCopyable {
    case half, single, double

    package var width: AccessWidth {
        switch self {
        case .half: .half
        case .single: .word
        case .double: .double
        }
    }
}

/// The computational instructions of F, D, Zfh and Zfa, of one format: the operands', or the result's where a value
/// comes from elsewhere.
package enum FloatOperation: Sendable, BitwiseCopyable {
    case add, subtract, multiply, divide, squareRoot
    case multiplyAdd, multiplySubtract, negatedMultiplySubtract, negatedMultiplyAdd
    case sign, negatedSign, exclusiveOrSign
    case minimum, maximum, minimumPropagatingNaN, maximumPropagatingNaN
    case equal, less, lessOrEqual, lessQuiet, lessOrEqualQuiet
    case classify, constant, round, roundExact
    case toInt32, toUInt32, toInt64, toUInt64, toInt32Modulo
    case fromInt32, fromUInt32, fromInt64, fromUInt64
    case fromHalf, fromSingle, fromDouble
    case moveToInteger, moveFromInteger
}

/// Zbc, Zbkb, Zbkx and Zkn: computations on integer registers that are too rare, or too long, for the engines.
package enum ScalarOperation: Sendable, BitwiseCopyable {
    case clmul, clmulh, clmulr
    case pack, packh, packw, brev8, xperm4, xperm8
    case aes64ds, aes64dsm, aes64es, aes64esm, aes64im, aes64ks1i, aes64ks2
    case sha256sig0, sha256sig1, sha256sum0, sha256sum1
    case sha512sig0, sha512sig1, sha512sum0, sha512sum1
}

/// Zalrsc, Zacas and Zalasr.
package enum AtomicOperation: Sendable, BitwiseCopyable {
    case loadReserved, storeConditional
    case loadAcquire, storeRelease
    case compareAndSwap
    /// AMOCAS.Q: two registers.
    case compareAndSwapPair
}

/// What an AMO of Zaamo and Zabha stores.
package enum AtomicModification: Sendable, BitwiseCopyable {
    case swap, add, exclusiveOr, and, or, minimum, maximum, minimumUnsigned, maximumUnsigned
}

package enum CacheBlockOperation: Sendable, BitwiseCopyable {
    case invalidate, clean, flush, zero
}

/// How a CSR instruction combines the old value with its operand.
package enum CSROperation: Sendable, BitwiseCopyable {
    case replace, set, clear
}

package enum CSROperand: Sendable, BitwiseCopyable {
    case register, immediate
}

package enum SystemOperation: Sendable, BitwiseCopyable {
    case environmentCall, breakpoint
    case machineReturn, supervisorReturn, nonMaskableReturn
    case waitForInterrupt
    case instructionFence
    /// SFENCE.VMA and SINVAL.VMA.
    case supervisorFence
    /// SFENCE.W.INVAL and SFENCE.INVAL.IR, which have nothing left to do.
    case invalidationOrder
    /// HFENCE and HINVAL.
    case virtualSupervisorFence, guestFence
}

extension Opcode {
    /// Where and as what this opcode is executed.
    package var execution: Execution { Self.executions[Int(rawValue)] }

    private static let executions: [Execution] = {
        var result = [Execution](repeating: .illegal, count: allCases.count)
        for row in InstructionTable.rows { result[Int(row.opcode.rawValue)] = row.execution }
        return result
    }()
}
