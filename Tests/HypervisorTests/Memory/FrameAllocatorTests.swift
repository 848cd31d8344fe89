import Platform
import Testing

@testable import Hypervisor

/// Frames and table pages: distinct, zeroed, given back, and no more of them than allowed.
@Suite struct FrameAllocatorTests {
    private static let frame = FrameAllocator.frameSize

    @Test func framesAreDistinctAndAligned() throws {
        let host = try FrameAllocator(capacity: 16 << 20)
        let frames = try (0..<8).map { _ in try host.allocateFrame().rawValue }
        #expect(Set(frames).count == 8)
        #expect(frames.allSatisfy { $0 % Self.frame == 0 })
        #expect(throws: OutOfHostFrames.self) { try host.allocateFrame() }
    }

    @Test func aFrameComesBackZeroed() throws {
        let host = try FrameAllocator(capacity: 4 << 20)
        _ = try host.allocateFrame()
        for _ in 0..<10 {
            let frame = try host.allocateFrame()
            let pointer = try #require(host.memory.pointer(at: frame.rawValue, count: Self.frame))
            #expect(pointer.load(as: UInt64.self) == 0)
            pointer.storeBytes(of: ~0, as: UInt64.self)
            #expect(host.memory.residentBytes(at: frame.rawValue, count: Self.frame) > 0)
            host.release(frame: frame)
            #expect(host.memory.residentBytes(at: frame.rawValue, count: Self.frame) == 0)
        }
    }

    /// Root tables are four pages in a row: a frame holds those of many guests, and gives them again.
    @Test func tablesShareAFrame() throws {
        let host = try FrameAllocator(capacity: 2 << 20)
        var roots = try (0..<100).map { _ in try host.allocatePages(4) }
        let single = try (0..<100).map { _ in try host.allocatePages(1)[0] }
        #expect(roots.allSatisfy { $0[0].rawValue % (4 << Page.shift) == 0 })
        #expect(Set((roots.flatMap { $0 } + single).map(\.rawValue)).count == 500)
        // Three runs of four are left of 512 pages.
        for _ in 0..<3 { _ = try host.allocatePages(4) }
        #expect(throws: OutOfHostFrames.self) { try host.allocatePages(4) }
        for root in roots { host.release(pages: root) }
        roots = try (0..<100).map { _ in try host.allocatePages(4) }
        #expect(Set(roots.flatMap { $0 }.map(\.rawValue)).isDisjoint(with: single.map(\.rawValue)))
    }

    @Test func guestsComeAndGo() throws {
        let host = try FrameAllocator(capacity: 32 << 20)
        for vmid in 0..<UInt64(200) {
            let space = try GuestAddressSpace(ram: 0x8000_0000..<0x8100_0000, vmid: vmid, host: host)
            for address in stride(from: space.ram.lowerBound, to: space.ram.upperBound, by: Int(Self.frame)) {
                #expect(space.store(vmid, at: GuestPhysicalAddress(address)))
            }
        }
    }

    @Test(
        arguments: [
            (OutOfHostFrames(.capacity), "the machine's physical memory is used up by its guests"),
            (
                OutOfHostFrames(
                    .host(.init(bound: .controlGroup("/sys/fs/cgroup/x"), limit: 512 << 20, available: 10 << 20))
                ),
                "the guest needs more memory than there is: 10 of 512 MiB are left in control group /sys/fs/cgroup/x"
            ),
            (
                OutOfHostFrames(
                    .refused(.init(bound: .addressSpace, limit: 1 << 30, available: 90 << 20), reason: "no")
                ),
                "the guest needs more memory than there is: 90 of 1024 MiB are left of the process's address space "
                    + "(ulimit -v)"
            ),
            (
                OutOfHostFrames(.refused(nil, reason: "Cannot allocate memory")),
                "the host gives no more memory to guests: Cannot allocate memory"
            ),
        ] as [(OutOfHostFrames, String)]
    )
    func saysWhy(_ error: OutOfHostFrames, _ text: String) { #expect(error.description == text) }
}
