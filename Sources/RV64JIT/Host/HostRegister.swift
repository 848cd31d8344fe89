/// A general register of x86-64, by its number in encodings.
package enum HostRegister: UInt8, CaseIterable, Sendable {
    case rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
}

/// A vector register, of which translated code uses the low 64 bits.
package enum HostVector: UInt8, CaseIterable, Sendable {
    case xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15
}

/// What a ModRM byte addresses: a register, or memory at `base + index << scale + displacement`.
package struct HostOperand: Equatable, Sendable {
    let isMemory: Bool
    let base: UInt8
    /// `HostRegister.rsp`, which cannot be one, where there is no index.
    let index: UInt8
    let scale: UInt8
    let displacement: Int32

    static let noIndex = HostRegister.rsp.rawValue

    package static func register(_ register: HostRegister) -> HostOperand {
        HostOperand(isMemory: false, base: register.rawValue, index: noIndex, scale: 0, displacement: 0)
    }

    package static func vector(_ vector: HostVector) -> HostOperand {
        HostOperand(isMemory: false, base: vector.rawValue, index: noIndex, scale: 0, displacement: 0)
    }

    package static func memory(_ base: HostRegister, _ displacement: Int = 0) -> HostOperand {
        HostOperand(
            isMemory: true,
            base: base.rawValue,
            index: noIndex,
            scale: 0,
            displacement: Int32(truncatingIfNeeded: displacement)
        )
    }

    /// `base + index << scale + displacement`; `scale` is 0 to 3.
    package static func indexed(
        _ base: HostRegister,
        _ index: HostRegister,
        scale: UInt8 = 0,
        _ displacement: Int = 0
    ) -> HostOperand {
        HostOperand(
            isMemory: true,
            base: base.rawValue,
            index: index.rawValue,
            scale: scale,
            displacement: Int32(truncatingIfNeeded: displacement)
        )
    }

    package func isRegister(_ register: HostRegister) -> Bool { !isMemory && base == register.rawValue }
}

/// A condition of jumps, moves and sets, by its number in encodings.
package enum HostCondition: UInt8, CaseIterable, Sendable {
    case overflow, noOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above
    case sign, noSign, parity, noParity, less, greaterOrEqual, lessOrEqual, greater

    package var inverse: HostCondition { HostCondition(rawValue: rawValue ^ 1) ?? self }
}
