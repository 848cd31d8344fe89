import Glibc
import Platform

/// The machine's physical memory, from which guests get frames and G-stage tables get pages.
///
/// Frames are handed out whole and zeroed. The host backs them as they are touched, so an address is cheap and only
/// use costs memory. Addresses are reserved as guests ask for frames, up to what the host has: guests may come at any
/// time.
package final class FrameAllocator: Sendable {
    /// Guest RAM is handed out in frames of this size, so that one G-stage leaf maps one frame.
    package static let frameSize: UInt64 = 2 << 20

    /// Where the first frame lies.
    private static let base: UInt64 = 0x8000_0000

    /// Frames between two looks at the host's own memory: 64 MiB.
    private static let pressureInterval = 32
    /// Addresses become memory in steps of this size.
    private static let commitSize: UInt64 = 64 << 20
    /// What RLIMIT_AS must leave to threads, harts and everything else.
    private static let addressReserve: UInt64 = 96 << 20
    /// The smallest block of addresses worth a call.
    private static let smallestBlock: UInt64 = 4 << 20

    package let memory: PhysicalMemory
    package let limits: HostMemoryLimits
    private let capacity: UInt64
    private let state: Lock<State>

    private struct State {
        /// The block of addresses in use: handed out up to `next`, memory up to `committed`.
        var next: UInt64
        var committed: UInt64
        var end: UInt64
        /// Frames ever taken from fresh addresses.
        var freshBytes: UInt64 = 0
        var framesUntilLook = FrameAllocator.pressureInterval
        /// Given back.
        var frames: [UInt64] = []
        /// Pages for tables: cut from a frame, given back singly.
        var pages: [UInt64] = []
    }

    /// - Parameters:
    ///   - capacity: bytes to hand out at most, tables included; unless given, what the host has.
    ///   - limits: what bounds the process.
    /// - Throws: `HostMemoryError` when the host refuses even a little.
    package init(
        capacity: UInt64 = .max,
        limits: HostMemoryLimits = HostMemoryLimits()
    ) throws(HostMemoryError) {
        self.limits = limits
        self.capacity = capacity
        var size = Self.blockSize(limits, capacity: capacity) ?? Self.smallestBlock
        var memory: PhysicalMemory?
        while memory == nil {
            do throws(HostMemoryError) {
                memory = try PhysicalMemory(base: Self.base, size: size, backing: .addresses)
            } catch {
                guard size > Self.smallestBlock else { throw error }
                size = max(size / 2 & ~(Self.frameSize - 1), Self.smallestBlock)
            }
        }
        guard let memory else { throw HostMemoryError(requestedBytes: size, reason: "") }
        self.memory = memory
        state = Lock(State(next: Self.base, committed: Self.base, end: Self.base + size))
    }

    // MARK: - Frames

    /// A zeroed frame.
    func allocateFrame() throws(OutOfHostFrames) -> PhysicalAddress {
        try state.withLock { state throws(OutOfHostFrames) in PhysicalAddress(try takeFrame(&state)) }
    }

    /// `count` zeroed pages in one naturally aligned run, for page tables.
    func allocatePages(_ count: Int) throws(OutOfHostFrames) -> [PhysicalAddress] {
        try state.withLock { state throws(OutOfHostFrames) in
            if count == 1, let page = state.pages.popLast() { return [PhysicalAddress(page)] }
            if let run = Self.takeRun(of: count, from: &state.pages) { return run }
            let frame = try takeFrame(&state)
            let taken = UInt64(count) << Page.shift
            // In descending order, so that the lowest are used first and a frame fills from its start.
            let rest = stride(from: frame + taken, to: frame + Self.frameSize, by: Int(Page.size))
            state.pages.insert(contentsOf: rest.reversed(), at: 0)
            return (0..<UInt64(count)).map { PhysicalAddress(frame + $0 << Page.shift) }
        }
    }

    /// A naturally aligned run of free pages, if there is one.
    private static func takeRun(of count: Int, from pages: inout [UInt64]) -> [PhysicalAddress]? {
        let bytes = UInt64(count) << Page.shift
        let free = Set(pages)
        let start = pages.filter { start in
            start % bytes == 0 && stride(from: start, to: start + bytes, by: Int(Page.size)).allSatisfy(free.contains)
        }.min()
        guard let start else { return nil }
        pages.removeAll { (start..<start + bytes).contains($0) }
        return stride(from: start, to: start + bytes, by: Int(Page.size)).map { PhysicalAddress($0) }
    }

    func release(frame: PhysicalAddress) {
        memory.discard(at: frame.rawValue, count: Self.frameSize)
        memory.prefer(.small, at: frame.rawValue, count: Self.frameSize)
        state.withLock { $0.frames.append(frame.rawValue) }
    }

    func release(pages: [PhysicalAddress]) {
        for page in pages { clear(page: page) }
        state.withLock { $0.pages.append(contentsOf: pages.map(\.rawValue)) }
    }

    /// Drops the contents: the host gives zeroes at the next touch.
    func clear(page: PhysicalAddress) { memory.discard(at: page.rawValue, count: Page.size) }

    private func takeFrame(_ state: inout State) throws(OutOfHostFrames) -> UInt64 {
        // Address space is not memory: the host may have less than its guests were promised.
        if state.framesUntilLook == 0 {
            if let room = limits.room, room.isUsedUp { throw OutOfHostFrames(.host(room)) }
            state.framesUntilLook = Self.pressureInterval
        }
        state.framesUntilLook -= 1
        if let frame = state.frames.popLast() { return frame }
        guard state.freshBytes + Self.frameSize <= capacity else { throw OutOfHostFrames(.capacity) }
        do throws(HostMemoryError) {
            if state.next + Self.frameSize > state.end { try addBlock(&state) }
            if state.next + Self.frameSize > state.committed { try commit(&state) }
        } catch {
            throw OutOfHostFrames(.refused(limits.addressSpace, reason: error.reason))
        }
        defer {
            state.next += Self.frameSize
            state.freshBytes += Self.frameSize
        }
        return state.next
    }

    // MARK: - Addresses

    /// What to reserve next: all that guests may get, or a part of it where RLIMIT_AS counts addresses.
    private static func blockSize(_ limits: HostMemoryLimits, capacity: UInt64) -> UInt64? {
        var size = min(capacity, limits.hostBytes ?? 64 << 30)
        if let room = limits.addressSpace {
            guard room.available > addressReserve + smallestBlock else { return nil }
            let free = room.available - addressReserve
            size = min(size, max(free / 16, min(free, 64 << 20)))
        }
        return max(size & ~(frameSize - 1), smallestBlock)
    }

    private func addBlock(_ state: inout State) throws(HostMemoryError) {
        guard let size = Self.blockSize(limits, capacity: capacity - state.freshBytes) else {
            throw HostMemoryError(requestedBytes: Self.smallestBlock, reason: String(cString: strerror(ENOMEM)))
        }
        try memory.add(base: state.end, size: size, backing: .addresses)
        state.next = state.end
        state.committed = state.end
        state.end += size
    }

    private func commit(_ state: inout State) throws(HostMemoryError) {
        let size = min(Self.commitSize, state.end - state.committed)
        try memory.commit(at: state.committed, count: size)
        state.committed += size
    }
}

/// The machine has no frame left for a guest.
package struct OutOfHostFrames: Error, CustomStringConvertible {
    package enum Reason: Sendable {
        /// As many as were allowed are taken.
        case capacity
        /// The host itself is short of memory.
        case host(HostMemoryLimits.Room)
        /// The host does not give more addresses, or does not let them be memory.
        case refused(HostMemoryLimits.Room?, reason: String)
        /// The guest that asks has ended.
        case ended
    }

    package let reason: Reason

    init(_ reason: Reason) { self.reason = reason }

    package var description: String {
        switch reason {
        case .capacity: "the machine's physical memory is used up by its guests"
        case .host(let room): "the guest needs more memory than there is: \(room)"
        case .refused(let room?, _): "the guest needs more memory than there is: \(room)"
        case .refused(nil, let reason): "the host gives no more memory to guests: \(reason)"
        case .ended: "the guest has ended"
        }
    }
}
