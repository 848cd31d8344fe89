import Platform

/// What engines leave to a function: an instruction that is rare or long, or whose fast case did not apply.
extension Hart {
    /// Executes one such instruction; pc and counters stay the engine's.
    ///
    /// - Returns: false with the trap in `runState`.
    @inline(never)
    package func execute(_ i: DecodedInstruction) -> Bool {
        do throws(Trap) {
            let execution = execution(of: i.opcode)
            // The most frequent by far, and not worth a jump through a table.
            if case .float(let operation, let format) = execution {
                try executeFloatingPoint(operation, format, i)
                return true
            }
            switch execution {
            case .load(let width, let kind):
                let value = try load(i, width)
                x[i.rd] = kind == .signExtended ? Integer.signExtended(value, width) : value
            case .store(let width): try store(i, width, x[i.rs2])
            case .floatLoad(let format): try executeFloatingPointLoad(format, i)
            case .floatStore(let format): try executeFloatingPointStore(format, i)
            case .float(let operation, let format): try executeFloatingPoint(operation, format, i)
            case .scalar(let operation): ScalarExtensions.execute(operation, i, x)
            case .atomic(let operation, let width): try executeAtomic(operation, width, i)
            case .modify(let modification, let width): try executeModification(modification, width, i)
            case .cacheBlock(let operation): try executeCacheBlock(operation, i)
            case .loop, .jump, .csr, .hypervisorLoad, .hypervisorStore, .system, .illegal:
                preconditionFailure("\(i.opcode) has no function: engines execute it, or executeSystem does")
            }
            return true
        } catch {
            runState.pointee.trap = error
            return false
        }
    }

    private func executeFloatingPointLoad(_ format: FloatFormat, _ i: DecodedInstruction) throws(Trap) {
        guard runState.pointee.floatingPoint != .off else { throw illegal(i) }
        let value = try load(i, format.width)
        f[i.rd] =
            switch format {
            case .half: Binary16.boxed(value)
            case .single: Binary32.boxed(value)
            case .double: value
            }
        if runState.pointee.floatingPoint != .dirty { dirtyFloatingPoint() }
    }

    private func executeFloatingPointStore(_ format: FloatFormat, _ i: DecodedInstruction) throws(Trap) {
        guard runState.pointee.floatingPoint != .off else { throw illegal(i) }
        try store(i, format.width, f[i.rs2])
    }

    private func load(_ i: DecodedInstruction, _ width: AccessWidth) throws(Trap) -> UInt64 {
        try load(x[i.rs1] &+ UInt64(bitPattern: Int64(i.immediate)), width, runState.pointee.data)
    }

    private func store(_ i: DecodedInstruction, _ width: AccessWidth, _ value: UInt64) throws(Trap) {
        let address = x[i.rs1] &+ UInt64(bitPattern: Int64(i.immediate))
        try store(address, width, value, runState.pointee.data)
    }
}
