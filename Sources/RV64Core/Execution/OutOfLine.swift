import Platform

extension Hart {
    /// Executes an instruction that the interpreter's switch leaves over: one that is rare or long, or one whose fast
    /// case did not apply. False with the trap in `context`.
    @inline(never)
    func executeOutOfLine(_ i: DecodedInstruction) -> Bool {
        do throws(Trap) {
            switch i.opcode {
            case .lb: x[i.rd] = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: try load(i, .byte))))
            case .lh: x[i.rd] = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: try load(i, .half))))
            case .lw: x[i.rd] = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: try load(i, .word))))
            case .lbu: x[i.rd] = try load(i, .byte)
            case .lhu: x[i.rd] = try load(i, .half)
            case .lwu: x[i.rd] = try load(i, .word)
            case .ld, .ldAddi, .ldLd: x[i.rd] = try load(i, .double)
            case .sb: try store(i, .byte, x[i.rs2])
            case .sh: try store(i, .half, x[i.rs2])
            case .sw: try store(i, .word, x[i.rs2])
            case .sd, .sdAddi, .sdSd: try store(i, .double, x[i.rs2])
            case .flh, .flw, .fld, .fsh, .fsw, .fsd: try executeFloatingPointAccess(i)
            case .lrW, .scW, .amoswapW, .amoaddW, .amoxorW, .amoandW, .amoorW, .amominW, .amomaxW, .amominuW, .amomaxuW,
                .lrD, .scD, .amoswapD, .amoaddD, .amoxorD, .amoandD, .amoorD, .amominD, .amomaxD, .amominuD, .amomaxuD,
                .amoswapB, .amoaddB, .amoxorB, .amoandB, .amoorB, .amominB, .amomaxB, .amominuB, .amomaxuB,
                .amoswapH, .amoaddH, .amoxorH, .amoandH, .amoorH, .amominH, .amomaxH, .amominuH, .amomaxuH,
                .amocasB, .amocasH, .amocasW, .amocasD, .amocasQ:
                try executeAtomic(i)
            case .cboInval, .cboClean, .cboFlush, .cboZero: try executeCacheBlock(i)
            case .clmul, .clmulh, .clmulr,
                .pack, .packh, .packw, .brev8, .xperm4, .xperm8, .aes64ds, .aes64dsm, .aes64es, .aes64esm, .aes64im,
                .aes64ks1i, .aes64ks2, .sha256sig0, .sha256sig1, .sha256sum0, .sha256sum1, .sha512sig0, .sha512sig1,
                .sha512sum0, .sha512sum1:
                ScalarExtensions.execute(i, x)
            default: try executeFloatingPoint(i)
            }
            return true
        } catch {
            context.pointee.trap = error
            return false
        }
    }

    private func executeFloatingPointAccess(_ i: DecodedInstruction) throws(Trap) {
        guard context.pointee.floatingPoint != .off else { throw illegal(i) }
        switch i.opcode {
        case .fsh: return try store(i, .half, f[i.rs2])
        case .fsw: return try store(i, .word, f[i.rs2])
        case .fsd: return try store(i, .double, f[i.rs2])
        case .flh: f[i.rd] = FloatingPointUnit.boxedHalf(try load(i, .half))
        case .flw: f[i.rd] = FloatingPointUnit.boxed(try load(i, .word))
        default: f[i.rd] = try load(i, .double)
        }
        if context.pointee.floatingPoint != .dirty { dirtyFloatingPoint() }
    }

    private func load(_ i: DecodedInstruction, _ width: AccessWidth) throws(Trap) -> UInt64 {
        try load(x[i.rs1] &+ UInt64(bitPattern: Int64(i.immediate)), width, dataContext, caching: context.pointee.data)
    }

    private func store(_ i: DecodedInstruction, _ width: AccessWidth, _ value: UInt64) throws(Trap) {
        let address = x[i.rs1] &+ UInt64(bitPattern: Int64(i.immediate))
        try store(address, width, value, dataContext, caching: context.pointee.data)
    }
}
