import Platform
import Synchronization

/// Zacas, and what Zabha adds to it. Every operation is one compare-and-exchange of the host.
///
/// norm:Zacas_amocas_w_permission: a store, whether or not the comparison succeeds.
extension Hart {
    /// norm:Zacas_rv64_amocas-w_op norm:Zacas_rv64_amocas-d_op norm:Zabha_amocas-BH_ignore_bits
    func compareAndSwap<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let expected = Cell(truncatingIfNeeded: x[instruction.comparand])
        let desired = Cell(truncatingIfNeeded: x[instruction.rs2])
        if let granule = try granule(at: x[instruction.rs1], type) {
            x[instruction.rd] = granule.update { $0 == expected ? desired : nil }.signExtended
            return
        }
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store)
        let result = Cell.compareExchange(pointer, expected: expected, desired: desired)
        x[instruction.rd] = result.original.signExtended
    }

    /// AMOCAS.Q: rd and rs2 name pairs. norm:Zacas_rv64_amocas-q_op
    func compareAndSwapPair(_ instruction: DecodedInstruction) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], 16, .store)
        let result = pointer.assumingMemoryBound(to: Atomic<WordPair>.self).pointee.compareExchange(
            expected: pair(instruction.comparand),
            desired: pair(instruction.rs2),
            ordering: .sequentiallyConsistent
        )
        // norm:Zacas_rv64_amocas-q_rd_frst_reg_x0
        guard instruction.comparand != 0 else { return }
        x[instruction.rd] = UInt64(result.original.first)
        x[instruction.rd &+ 1] = UInt64(result.original.second)
    }

    /// norm:Zacas_rv64_amocas-q_rs2_frst_reg_x0. The decoder lets even registers through only.
    private func pair(_ register: UInt8) -> WordPair {
        register == 0
            ? WordPair(first: 0, second: 0) : WordPair(first: UInt(x[register]), second: UInt(x[register &+ 1]))
    }
}

extension DecodedInstruction {
    /// The register an AMOCAS compares with: rd as a source, so that x0 reads as zero.
    fileprivate var comparand: UInt8 { rd == Self.writeSink ? 0 : rd }
}

/// An integer that the host exchanges in one atomic step.
protocol AtomicCell: FixedWidthInteger, UnsignedInteger {
    static func load(_ pointer: UnsafeMutableRawPointer) -> Self
    static func store(_ value: Self, _ pointer: UnsafeMutableRawPointer)
    static func compareExchange(
        _ pointer: UnsafeMutableRawPointer,
        expected: Self,
        desired: Self
    ) -> (exchanged: Bool, original: Self)
}

extension AtomicCell {
    var signExtended: UInt64 {
        let unused = Int64(64 &- Self.bitWidth)
        return UInt64(bitPattern: (Int64(truncatingIfNeeded: self) &<< unused) &>> unused)
    }

    /// Adding half the range turns signed order into unsigned order.
    @inline(__always)
    func isSignedLess(_ other: Self) -> Bool {
        let half = Self(1) &<< Self(Self.bitWidth - 1)
        return self &+ half < other &+ half
    }
}

// SAFETY of all four: the hart passes naturally aligned RAM that stays mapped while it runs.

extension UInt8: AtomicCell {
    static func load(_ pointer: UnsafeMutableRawPointer) -> Self {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.load(ordering: .sequentiallyConsistent)
    }

    static func store(_ value: Self, _ pointer: UnsafeMutableRawPointer) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.store(value, ordering: .sequentiallyConsistent)
    }

    static func compareExchange(
        _ pointer: UnsafeMutableRawPointer,
        expected: Self,
        desired: Self
    ) -> (exchanged: Bool, original: Self) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee
            .compareExchange(expected: expected, desired: desired, ordering: .sequentiallyConsistent)
    }
}

extension UInt16: AtomicCell {
    static func load(_ pointer: UnsafeMutableRawPointer) -> Self {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.load(ordering: .sequentiallyConsistent)
    }

    static func store(_ value: Self, _ pointer: UnsafeMutableRawPointer) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.store(value, ordering: .sequentiallyConsistent)
    }

    static func compareExchange(
        _ pointer: UnsafeMutableRawPointer,
        expected: Self,
        desired: Self
    ) -> (exchanged: Bool, original: Self) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee
            .compareExchange(expected: expected, desired: desired, ordering: .sequentiallyConsistent)
    }
}

extension UInt32: AtomicCell {
    static func load(_ pointer: UnsafeMutableRawPointer) -> Self {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.load(ordering: .sequentiallyConsistent)
    }

    static func store(_ value: Self, _ pointer: UnsafeMutableRawPointer) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.store(value, ordering: .sequentiallyConsistent)
    }

    static func compareExchange(
        _ pointer: UnsafeMutableRawPointer,
        expected: Self,
        desired: Self
    ) -> (exchanged: Bool, original: Self) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee
            .compareExchange(expected: expected, desired: desired, ordering: .sequentiallyConsistent)
    }
}

extension UInt64: AtomicCell {
    static func load(_ pointer: UnsafeMutableRawPointer) -> Self {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.load(ordering: .sequentiallyConsistent)
    }

    static func store(_ value: Self, _ pointer: UnsafeMutableRawPointer) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee.store(value, ordering: .sequentiallyConsistent)
    }

    static func compareExchange(
        _ pointer: UnsafeMutableRawPointer,
        expected: Self,
        desired: Self
    ) -> (exchanged: Bool, original: Self) {
        pointer.assumingMemoryBound(to: Atomic<Self>.self).pointee
            .compareExchange(expected: expected, desired: desired, ordering: .sequentiallyConsistent)
    }
}
