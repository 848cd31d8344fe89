import RV64Core

/// f registers on their way between the hart's area and the host's registers, and NaNs that become RISC-V's.
extension Emitter {
    /// The result of an operation that has no number: the host's has a sign, or what an operand carried.
    /// norm:canonical_NaN
    private static func canonicalNaN(_ isDouble: Bool) -> UInt64 {
        isDouble ? 0x7FF8_0000_0000_0000 : 0xFFFF_FFFF_7FC0_0000
    }

    /// Loads those of some registers that are not there.
    mutating func loadFloats(_ registers: UInt32) {
        let missing = registers & floats.kept & ~floats.now.loaded
        moveFloatsIn(missing)
        floats.now.loaded |= missing
    }

    private mutating func moveFloatsIn(_ registers: UInt32) {
        var rest = registers
        while let register = Self.takeFirst(&rest) {
            guard let host = floats.host(register) else { continue }
            assembler.emit(.movsdR, host, Layout.f(register))
        }
    }

    /// Brings the hart's area up to date. Changes rax.
    mutating func writeBackFloats() {
        settle(floats.now.unsettled)
        var rest = floats.now.dirty
        while let register = Self.takeFirst(&rest) {
            guard let host = floats.host(register) else { continue }
            assembler.emit(.movsdM, host, Layout.f(register))
        }
        floats.now.dirty = 0
    }

    /// Sees to it that none of some registers holds a NaN of the host's. Changes rax.
    mutating func settle(_ registers: UInt32) {
        settle(registers & floats.now.doubles, isDouble: true)
        settle(registers & floats.now.singles, isDouble: false)
        floats.now.doubles &= ~registers
        floats.now.singles &= ~registers
    }

    /// Two are compared at once.
    private mutating func settle(_ registers: UInt32, isDouble: Bool) {
        var rest = registers
        while let first = Self.takeFirst(&rest) {
            let second = Self.takeFirst(&rest) ?? first
            guard let one = floats.host(first), let other = floats.host(second) else { continue }
            assembler.emit(isDouble ? .ucomisd : .ucomiss, one, .vector(other))
            let fixup = assembler.jump(.parity)
            let both = FloatRegisters.bit(first) | FloatRegisters.bit(second)
            settlings.append(Settling(fixup: fixup, registers: both, isDouble: isDouble, back: assembler.cursor))
        }
    }

    /// Writes what `settle` jumps to.
    mutating func writeSettlings() {
        for settling in settlings {
            assembler.bind(settling.fixup)
            var rest = settling.registers
            while let register = Self.takeFirst(&rest) { replaceNaN(register, settling.isDouble) }
            assembler.jump(to: settling.back)
        }
        settlings.removeAll(keepingCapacity: true)
    }

    private mutating func replaceNaN(_ register: UInt8, _ isDouble: Bool) {
        guard let host = floats.host(register) else { return }
        assembler.emit(isDouble ? .ucomisd : .ucomiss, host, .vector(host))
        let isNumber = assembler.jump(.noParity)
        assembler.load(.rax, constant: Self.canonicalNaN(isDouble))
        assembler.emit(.movqToVector, host, .register(.rax))
        assembler.bind(isNumber)
    }

    // MARK: - Around functions, behind the block

    /// Brings the hart's area up to date, from what was known.
    mutating func saveFloats(_ known: FloatRegisters.Knowledge) {
        var rest = known.dirty
        while let register = Self.takeFirst(&rest) {
            guard let host = floats.host(register) else { continue }
            let bit = FloatRegisters.bit(register)
            if known.unsettled & bit != 0 { replaceNaN(register, known.doubles & bit != 0) }
            assembler.emit(.movsdM, host, Layout.f(register))
        }
    }

    mutating func restoreFloats(_ known: FloatRegisters.Knowledge) { moveFloatsIn(known.loaded) }

    private static func takeFirst(_ set: inout UInt32) -> UInt8? {
        guard set != 0 else { return nil }
        defer { set &= set &- 1 }
        return UInt8(truncatingIfNeeded: set.trailingZeroBitCount)
    }
}
