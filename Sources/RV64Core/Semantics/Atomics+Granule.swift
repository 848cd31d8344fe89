import Platform
import Synchronization

/// Zama16b: a misaligned operand that lies in 16 aligned bytes of RAM is one memory operation. "Misaligned Atomicity
/// Granule PMA".
///
/// Ordinary loads and stores are so without any help: each is one access of the host, which does not tear it within 16
/// aligned bytes (an x86 host not within a cache line, an Arm host not where it has LSE2). What reads and writes at once
/// exchanges the whole granule here.
extension Hart {
    /// The granule around an operand that is not aligned and does not leave it; nil where it is aligned, and a trap where
    /// it is neither. norm:zama16b_pma_mag_req norm:pma_mag_op_within norm:pma_mag_op_amo
    @inline(__always)
    func granule<Cell: AtomicCell>(at address: UInt64, _ type: Cell.Type) throws(Trap) -> AtomicGranule<Cell>? {
        guard let pointer = try misalignedOperand(at: address, UInt64(Cell.bitWidth / 8), .store) else { return nil }
        return AtomicGranule(around: pointer)
    }

    /// The RAM of an operand that is not aligned, but within a granule.
    @inline(__always)
    func misalignedOperand(
        at address: UInt64,
        _ bytes: UInt64,
        _ kind: AccessKind
    ) throws(Trap) -> UnsafeMutableRawPointer? {
        guard address & (bytes &- 1) != 0, extensions.contains(.zama16b),
            address & AtomicGranule<UInt64>.offsetMask &+ bytes <= AtomicGranule<UInt64>.size
        else { return nil }
        return try misaligned(at: address, bytes, kind)
    }

    @inline(never)
    private func misaligned(at address: UInt64, _ bytes: UInt64, _ kind: AccessKind) throws(Trap)
        -> UnsafeMutableRawPointer
    {
        try operand(at: address, bytes, kind)
    }
}

/// Sixteen bytes that are exchanged as one, and a value somewhere in them.
struct AtomicGranule<Cell: AtomicCell> {
    private let base: UnsafeMutableRawPointer
    private let shift: UInt128

    static var size: UInt64 { 16 }
    static var offsetMask: UInt64 { size - 1 }

    // SAFETY: RAM begins at a page, so that the granule of a guest's address is one of the host's.
    init(around pointer: UnsafeMutableRawPointer) {
        let offset = UInt(bitPattern: pointer) & UInt(Self.offsetMask)
        base = pointer - Int(offset)
        shift = UInt128(offset) &* 8
    }

    /// Replaces the value in one step, unless `transform` refuses, and returns what it was.
    func update(_ transform: (Cell) -> Cell?) -> Cell {
        let cell = base.assumingMemoryBound(to: Atomic<WordPair>.self)
        let mask = UInt128(Cell.max) &<< shift
        var old = cell.pointee.load(ordering: .sequentiallyConsistent)
        while true {
            let whole = UInt128(old.second) &<< 64 | UInt128(old.first)
            let value = Cell(truncatingIfNeeded: whole &>> shift)
            guard let replacement = transform(value) else { return value }
            let new = whole & ~mask | UInt128(replacement) &<< shift
            let result = cell.pointee.compareExchange(
                expected: old,
                desired: WordPair(first: UInt(truncatingIfNeeded: new), second: UInt(truncatingIfNeeded: new &>> 64)),
                ordering: .sequentiallyConsistent
            )
            if result.exchanged { return value }
            old = result.original
        }
    }
}
