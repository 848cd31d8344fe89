import Platform
import RV64Core
import Synchronization

/// One guest's physical address space: RAM in host frames, reachable only through this guest's Sv39x4 tables.
///
/// Frames are allocated at the first touch, by a vCPU's guest-page fault or by a device. Everything outside RAM stays
/// unmapped: an access there faults to the hypervisor, which emulates a device or injects an access fault.
package final class GuestAddressSpace: GuestMemoryAccess {
    /// Guest-physical addresses of RAM.
    package let ram: Range<UInt64>
    package let vmid: UInt64
    /// What `hgatp` holds while this guest runs.
    package let root: HGATP

    private let host: FrameAllocator
    private let tables: Lock<Tables>

    private struct Tables {
        var pages: [PhysicalAddress]
        /// The frame behind each frame-sized piece of RAM.
        var frames: [PhysicalAddress?]
        var frameCount = 0
        /// The guest has ended: nothing comes back.
        var isClosed = false
    }

    /// A guest that needs more frames than this has them, and all others, in the host's huge pages. Small guests take
    /// only the pages that they touch.
    private static let smallPageLimit = 4

    private static let leaf: UInt64 = 0xDF  // V R W X U A D: the G-stage counts every access as a user's.
    private static let pointer: UInt64 = 0x01
    private static let sv39x4: UInt64 = 8
    private static let rootPageCount = 4

    /// - Throws: `OutOfHostFrames` when not even the root table fits.
    package init(ram: Range<UInt64>, vmid: UInt64, host: FrameAllocator) throws(OutOfHostFrames) {
        let pages = try host.allocatePages(Self.rootPageCount)
        self.ram = ram
        self.vmid = vmid
        self.host = host
        var root = HGATP(0)
        root[.mode] = Self.sv39x4
        root[.vmid] = vmid
        root[.ppn] = pages[0].rawValue >> Page.shift
        self.root = root
        let count = (ram.upperBound - ram.lowerBound + FrameAllocator.frameSize - 1) / FrameAllocator.frameSize
        tables = Lock(Tables(pages: pages, frames: Array(repeating: nil, count: Int(count))))
    }

    deinit {
        close()
        tables.withLock { host.release(pages: $0.pages) }
    }

    /// Gives up all of RAM for good: the guest has ended. Devices that are still asked for something reach nothing.
    ///
    /// No hart that has ever run on these tables may run on.
    package func close() {
        tables.withLock { $0.isClosed = true }
        clear()
    }

    /// Gives up all of RAM, which is zero when next touched: power was off. Only the root table stays.
    ///
    /// No hart that has ever run on these tables may run on.
    package func clear() {
        tables.withLock { tables in
            for index in tables.frames.indices {
                if let frame = tables.frames[index] { host.release(frame: frame) }
                tables.frames[index] = nil
            }
            tables.frameCount = 0
            host.release(pages: Array(tables.pages[Self.rootPageCount...]))
            tables.pages.removeSubrange(Self.rootPageCount...)
            for page in tables.pages { host.clear(page: page) }
        }
    }

    /// How many bytes of RAM have frames behind them.
    package var residentBytes: UInt64 { tables.withLock { UInt64($0.frameCount) * FrameAllocator.frameSize } }

    /// How many bytes of RAM the host has put memory behind: a frame fills page by page.
    package var filledBytes: UInt64 {
        let frames = tables.withLock { $0.frames.compactMap { $0 } }
        return frames.reduce(0) { $0 &+ host.memory.residentBytes(at: $1.rawValue, count: FrameAllocator.frameSize) }
    }

    /// Puts a frame behind a guest-physical address of RAM.
    ///
    /// - Throws: `OutOfHostFrames`.
    package func populate(_ address: GuestPhysicalAddress) throws(OutOfHostFrames) {
        try tables.withLock { tables throws(OutOfHostFrames) in _ = try frame(for: address, &tables) }
    }

    private func frame(
        for address: GuestPhysicalAddress,
        _ tables: inout Tables
    ) throws(OutOfHostFrames) -> PhysicalAddress {
        let index = Int((address.rawValue - ram.lowerBound) / FrameAllocator.frameSize)
        if let frame = tables.frames[index] { return frame }
        guard !tables.isClosed else { throw OutOfHostFrames(.ended) }
        let frame = try host.allocateFrame()
        tables.frames[index] = frame
        tables.frameCount += 1
        preferPages(for: frame, tables)
        let start = ram.lowerBound + UInt64(index) * FrameAllocator.frameSize
        let end = min(start + FrameAllocator.frameSize, ram.upperBound)
        if end - start == FrameAllocator.frameSize {
            try map(start, to: frame.rawValue, level: 1, &tables)
        } else {
            // The last piece of an odd-sized RAM: page by page, so that nothing beyond it is reachable.
            for offset in stride(from: 0, to: end - start, by: Int(Page.size)) {
                try map(start + offset, to: frame.rawValue + offset, level: 0, &tables)
            }
        }
        return frame
    }

    private func preferPages(for frame: PhysicalAddress, _ tables: Tables) {
        guard tables.frameCount > Self.smallPageLimit else { return }
        let isFirst = tables.frameCount == Self.smallPageLimit + 1
        for frame in isFirst ? tables.frames.compactMap({ $0 }) : [frame] {
            host.memory.prefer(.huge, at: frame.rawValue, count: FrameAllocator.frameSize)
        }
    }

    /// Writes one leaf, and the pointers down to it.
    private func map(
        _ address: UInt64,
        to target: UInt64,
        level: Int,
        _ tables: inout Tables
    ) throws(OutOfHostFrames) {
        var table = tables.pages[0].rawValue
        var current = 2
        while current > level {
            let mask: UInt64 = current == 2 ? 0x7FF : 0x1FF
            let slot = table + (address >> (12 + 9 * UInt64(current)) & mask) * 8
            let entry = entry(at: slot)
            let next: UInt64
            if entry & Self.pointer == 0 {
                let page = try host.allocatePages(1)[0]
                tables.pages.append(page)
                next = page.rawValue
                setEntry((next >> Page.shift) << 10 | Self.pointer, at: slot)
            } else {
                next = (entry >> 10) << Page.shift
            }
            table = next
            current -= 1
        }
        let slot = table + (address >> (12 + 9 * UInt64(level)) & 0x1FF) * 8
        setEntry((target >> Page.shift) << 10 | Self.leaf, at: slot)
    }

    private func cell(_ slot: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>>? {
        // SAFETY: tables lie in pages that `host` handed out, which `pointer` checks again.
        host.memory.pointer(at: slot, count: 8)?.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private func entry(at slot: UInt64) -> UInt64 { cell(slot)?.pointee.load(ordering: .acquiring) ?? 0 }

    private func setEntry(_ value: UInt64, at slot: UInt64) { cell(slot)?.pointee.store(value, ordering: .releasing) }

    /// The host's memory behind one frame-sized piece of RAM, as far as that is RAM, if there is any.
    private func memory(ofFrame index: Int) -> UnsafeMutableRawBufferPointer? {
        guard let frame = tables.withLock({ $0.frames[index] }) else { return nil }
        let count = min(FrameAllocator.frameSize, ram.upperBound - address(ofFrame: index))
        return host.memory.pointer(at: frame.rawValue, count: count).map {
            UnsafeMutableRawBufferPointer(start: $0, count: Int(count))
        }
    }

    private func address(ofFrame index: Int) -> UInt64 { ram.lowerBound + UInt64(index) * FrameAllocator.frameSize }

    // MARK: - GuestMemoryAccess

    /// Whether all bytes are RAM.
    package func contains(_ address: GuestPhysicalAddress, count: Int) -> Bool {
        guard address.rawValue >= ram.lowerBound, address.rawValue <= ram.upperBound, count >= 0 else { return false }
        return UInt64(count) <= ram.upperBound - address.rawValue
    }

    /// For devices: false also where no frame is left.
    package func forEachHostRange(
        of address: GuestPhysicalAddress,
        count: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool {
        do throws(OutOfHostFrames) {
            return try forEachPiece(address, count: count) { start, _, count in
                let range = UnsafeMutableRawBufferPointer(start: start, count: count)
                body(range)
                host.memory.haveStored(UnsafeRawBufferPointer(range))
                return true
            }
        } catch {
            return false
        }
    }

    /// Calls `body` with the host's memory behind each piece of the range, its offset and its size, while it answers true.
    ///
    /// The lock is held: a frame that is given up meanwhile may be another guest's a moment later.
    package func forEachPiece(
        _ address: GuestPhysicalAddress,
        count: Int,
        _ body: (UnsafeMutableRawPointer, Int, Int) -> Bool
    ) throws(OutOfHostFrames) -> Bool {
        guard contains(address, count: count) else { return false }
        var done = 0
        while done < count {
            let current = GuestPhysicalAddress(address.rawValue + UInt64(done))
            let offset = (current.rawValue - ram.lowerBound) % FrameAllocator.frameSize
            let piece = min(count - done, Int(FrameAllocator.frameSize - offset))
            let isDone = try tables.withLock { tables throws(OutOfHostFrames) in
                let frame = try self.frame(for: current, &tables)
                guard let pointer = host.memory.pointer(at: frame.rawValue + offset, count: UInt64(piece)) else {
                    return false
                }
                return body(pointer, done, piece)
            }
            guard isDone else { return false }
            done += piece
        }
        return true
    }
}

/// The frames that there are, each with its pages. Which there are is saved too: the guest exits for each that is not.
extension GuestAddressSpace: Savable {
    package func save(to writer: inout StateWriter) {
        let frames = tables.withLock { $0.frames }
        let used = frames.indices.filter { frames[$0] != nil }
        writer.write(ram.lowerBound)
        writer.write(ram.upperBound)
        writer.write(UInt64(used.count))
        for index in used {
            writer.write(UInt64(index))
            guard let memory = memory(ofFrame: index) else { continue }
            writer.write(pages: UnsafeRawBufferPointer(memory), at: address(ofFrame: index))
        }
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.requireSame("the start of RAM", saved: reader.read(UInt64.self), here: ram.lowerBound)
        try reader.requireSame("the end of RAM", saved: reader.read(UInt64.self), here: ram.upperBound)
        clear()
        let frames = tables.withLock { $0.frames.count }
        let count = try reader.readCount(limit: frames, bytes: 8 * 4)
        var next: UInt64 = 0
        for _ in 0..<count {
            let index = try reader.read(UInt64.self)
            try reader.require(index >= next && index < UInt64(frames), "frame \(index) is out of order")
            next = index + 1
            let address = address(ofFrame: Int(index))
            do throws(OutOfHostFrames) {
                try populate(GuestPhysicalAddress(address))
            } catch {
                throw reader.error(.host(error.description))
            }
            guard let memory = memory(ofFrame: Int(index)) else { continue }
            try reader.read(pages: memory, at: address)
        }
    }
}
