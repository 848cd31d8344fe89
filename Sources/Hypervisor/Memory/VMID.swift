import Platform

/// A guest's virtual machine identifier, for as long as anybody holds it.
///
/// Every vCPU holds it, and a vCPU's hart is the only place that caches translations under it: when the last holder is
/// gone, so are they, and the number may be another guest's. See docs/decisions/0011-vmid-reuse.md.
package final class VMID: Sendable {
    package let value: UInt64
    private let pool: VMIDPool

    fileprivate init(_ value: UInt64, of pool: VMIDPool) {
        self.value = value
        self.pool = pool
    }

    deinit { pool.release(value) }
}

/// The VMIDs of one host.
package final class VMIDPool: Sendable {
    /// `hgatp.VMID` has 14 bits. Zero stays free: it is what harts without a guest have.
    static let range: Range<UInt64> = 1..<1 << 14

    private struct State {
        var next = VMIDPool.range.lowerBound
        var free: [UInt64] = []
    }

    private let guarded = Lock(State())

    package init() {}

    /// nil when as many guests live as there are numbers.
    package func allocate() -> VMID? {
        let value = guarded.withLock { state -> UInt64? in
            if let value = state.free.popLast() { return value }
            guard Self.range.contains(state.next) else { return nil }
            defer { state.next += 1 }
            return state.next
        }
        return value.map { VMID($0, of: self) }
    }

    fileprivate func release(_ value: UInt64) { guarded.withLock { $0.free.append(value) } }
}
