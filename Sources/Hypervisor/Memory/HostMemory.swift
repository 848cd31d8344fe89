import Glibc
import Platform
import Synchronization

/// The machine's physical memory, from which guests get frames and G-stage tables get pages.
///
/// Frames are handed out whole and zeroed. The host backs them as they are touched, so an address is cheap and only
/// use costs memory.
package final class HostMemory: Sendable {
    /// Guest RAM is handed out in frames of this size, so that one G-stage leaf maps one frame.
    package static let frameSize: UInt64 = 2 << 20

    /// Where the first frame lies.
    private static let base: UInt64 = 0x8000_0000

    /// Fresh frames between two looks at the host's own memory: 64 MiB.
    private static let pressureInterval: UInt64 = 32

    package let memory: PhysicalMemory
    private let free: Lock<FreeList>

    private struct FreeList {
        var next: UInt64
        var frames: [UInt64] = []
        /// Pages for tables: cut from a frame, given back singly.
        var pages: [UInt64] = []
    }

    /// - Parameter size: bytes for all guests together and their tables; rounded up to whole frames.
    /// - Throws: `HostMemoryError` when the host refuses.
    package init(size: UInt64) throws(HostMemoryError) {
        let rounded = (size &+ (Self.frameSize - 1)) & ~(Self.frameSize - 1)
        memory = try PhysicalMemory(base: Self.base, size: rounded)
        free = Lock(FreeList(next: Self.base))
    }

    /// A zeroed frame, or nil when all are taken.
    func allocateFrame() -> PhysicalAddress? {
        free.withLock { list in Self.takeFrame(&list, end: memory.base + memory.size).map { PhysicalAddress($0) } }
    }

    /// `count` zeroed pages in one naturally aligned run, for page tables; nil when memory is used up.
    func allocatePages(_ count: Int) -> [PhysicalAddress]? {
        free.withLock { list in
            let bytes = UInt64(count) << Page.shift
            if list.pages.count < count || count > 1 {
                guard let frame = Self.takeFrame(&list, end: memory.base + memory.size) else { return nil }
                let rest = stride(from: frame + bytes, to: frame + Self.frameSize, by: Int(Page.size))
                list.pages.append(contentsOf: rest)
                return (0..<UInt64(count)).map { PhysicalAddress(frame + $0 << Page.shift) }
            }
            return list.pages.popLast().map { [PhysicalAddress($0)] }
        }
    }

    func release(frame: PhysicalAddress) {
        clear(frame.rawValue, Self.frameSize)
        free.withLock { $0.frames.append(frame.rawValue) }
    }

    func release(pages: [PhysicalAddress]) {
        for page in pages { clear(page.rawValue, Page.size) }
        free.withLock { $0.pages.append(contentsOf: pages.map(\.rawValue)) }
    }

    func clear(page: PhysicalAddress) { clear(page.rawValue, Page.size) }

    /// Drops the contents: the host gives zeroes at the next touch.
    private func clear(_ address: UInt64, _ size: UInt64) {
        guard let pointer = memory.pointer(at: address, count: size) else { return }
        madvise(pointer, Int(size), MADV_DONTNEED)
    }

    private static func takeFrame(_ list: inout FreeList, end: UInt64) -> UInt64? {
        if let frame = list.frames.popLast() { return frame }
        guard list.next + frameSize <= end else { return nil }
        // Address space is not memory: the host may have less than its guests were promised.
        let taken = (list.next - base) / frameSize
        if taken % pressureInterval == pressureInterval - 1, HostMemoryPressure.isHigh { return nil }
        defer { list.next += frameSize }
        return list.next
    }
}
