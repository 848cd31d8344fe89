import Platform
import RV64Core
import Testing

@testable import Hypervisor

/// G-stage tables: what a guest can reach, and that nothing else of the machine is among it.
@Suite struct GuestAddressSpaceTests {
    private static let ramBase: UInt64 = 0x8000_0000
    private static let frame = FrameAllocator.frameSize

    /// Every leaf of a guest's Sv39x4 tables, read from the machine's memory as the hart's walker would.
    private static func mappings(of space: GuestAddressSpace, in host: FrameAllocator) -> [UInt64: Range<UInt64>] {
        var found: [UInt64: Range<UInt64>] = [:]
        func entry(_ table: UInt64, _ index: UInt64) -> UInt64 {
            host.memory.pointer(at: table + index * 8, count: 8)?.load(as: UInt64.self) ?? 0
        }
        func walk(_ table: UInt64, _ level: UInt64, _ address: UInt64) {
            for index in 0..<UInt64(level == 2 ? 2048 : 512) {
                let value = entry(table, index)
                guard value & 1 != 0 else { continue }
                let target = (value >> 10 & (1 << 44 - 1)) << 12
                let guest = address + index << (12 + 9 * level)
                if value & 0xE == 0 {
                    walk(target, level - 1, guest)
                } else {
                    found[guest] = target..<target + 1 << (12 + 9 * level)
                }
            }
        }
        walk(space.root[.ppn] << 12, 2, 0)
        return found
    }

    private static func makeSpace(_ size: UInt64, vmid: UInt64, _ host: FrameAllocator) throws -> GuestAddressSpace {
        try GuestAddressSpace(ram: ramBase..<ramBase + size, vmid: vmid, host: host)
    }

    @Test func rootIsAlignedAndNamed() throws {
        let host = try FrameAllocator(capacity: 64 << 20)
        let space = try Self.makeSpace(16 << 20, vmid: 7, host)
        #expect(space.root[.mode] == 8)
        #expect(space.root[.vmid] == 7)
        #expect(space.root[.ppn] & 3 == 0, "norm:hgatp_ppn_op: 16 KiB aligned")
        #expect(Self.mappings(of: space, in: host).isEmpty)
        #expect(space.residentBytes == 0)
    }

    /// The isolation test: two guests touch all of their memory in turn; no host byte is behind both, and none of
    /// either's page tables is behind any.
    @Test(arguments: [2 << 20, 16 << 20, 5 << 20, (3 << 20) + 4096] as [UInt64])
    func noFrameBelongsToTwoGuests(size: UInt64) throws {
        let host = try FrameAllocator(capacity: 256 << 20)
        let spaces = try (1...3).map { try Self.makeSpace(size, vmid: UInt64($0), host) }
        for address in stride(from: Self.ramBase, to: Self.ramBase + size, by: 4096) {
            for space in spaces { try space.populate(GuestPhysicalAddress(address)) }
        }
        var owned: [Range<UInt64>] = []
        for space in spaces {
            let mappings = Self.mappings(of: space, in: host)
            let bytes = mappings.values.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
            #expect(bytes == size, "all of RAM is mapped, and nothing beyond it")
            #expect(mappings.keys.allSatisfy { space.ram.contains($0) })
            let root = space.root[.ppn] << 12
            owned.append(root..<root + 4 * 4096)
            owned += mappings.values
        }
        let sorted = owned.sorted { $0.lowerBound < $1.lowerBound }
        for (lower, upper) in zip(sorted, sorted.dropFirst()) { #expect(lower.upperBound <= upper.lowerBound) }
    }

    @Test func eachSeesItsOwnBytes() throws {
        let host = try FrameAllocator(capacity: 64 << 20)
        let left = try Self.makeSpace(8 << 20, vmid: 1, host)
        let right = try Self.makeSpace(8 << 20, vmid: 2, host)
        let address = GuestPhysicalAddress(Self.ramBase + 0x1234)
        #expect(left.store(UInt64(0x1111), at: address))
        #expect(right.load(UInt64.self, at: address) == 0)
        #expect(right.store(UInt64(0x2222), at: address))
        #expect(left.load(UInt64.self, at: address) == 0x1111)
        #expect(left.residentBytes == Self.frame)
    }

    /// A device's access may run over frames, and may not run over the end.
    @Test func accessesAreChecked() throws {
        let host = try FrameAllocator(capacity: 64 << 20)
        let space = try Self.makeSpace(4 << 20, vmid: 1, host)
        let seam = GuestPhysicalAddress(Self.ramBase + Self.frame - 3)
        #expect(space.store(UInt64(0x0102_0304_0506_0708), at: seam))
        #expect(space.load(UInt64.self, at: seam) == 0x0102_0304_0506_0708)
        let end = Self.ramBase + 4 << 20
        #expect(space.load(UInt64.self, at: GuestPhysicalAddress(end - 8)) == 0)
        for address in [end - 7, end, Self.ramBase - 1, 0, ~0, ~0 - 3] as [UInt64] {
            #expect(space.load(UInt64.self, at: GuestPhysicalAddress(address)) == nil)
            #expect(!space.store(UInt64(1), at: GuestPhysicalAddress(address)))
        }
        #expect(space.contains(GuestPhysicalAddress(end), count: 0))
        #expect(!space.contains(GuestPhysicalAddress(end), count: 1))
        #expect(!space.contains(GuestPhysicalAddress(Self.ramBase), count: -1))
        #expect(!space.contains(GuestPhysicalAddress(Self.ramBase), count: .max))
    }

    /// A reboot gives everything back, again and again: a guest that restarts for ever takes nothing from the others.
    @Test func clearedMemoryIsZeroAndReused() throws {
        let host = try FrameAllocator(capacity: 16 << 20)
        let space = try Self.makeSpace(8 << 20, vmid: 1, host)
        for _ in 0..<100 {
            for address in stride(from: space.ram.lowerBound, to: space.ram.upperBound, by: Int(Self.frame)) {
                #expect(space.load(UInt64.self, at: GuestPhysicalAddress(address)) == 0)
                #expect(space.store(~UInt64(0), at: GuestPhysicalAddress(address)))
            }
            space.clear()
            #expect(space.residentBytes == 0)
            #expect(Self.mappings(of: space, in: host).isEmpty)
        }
    }

    @Test func framesRunOut() throws {
        let host = try FrameAllocator(capacity: 8 << 20)
        let space = try Self.makeSpace(64 << 20, vmid: 1, host)
        var populated = 0
        #expect(throws: OutOfHostFrames.self) {
            for address in stride(from: space.ram.lowerBound, to: space.ram.upperBound, by: Int(Self.frame)) {
                try space.populate(GuestPhysicalAddress(address))
                populated += 1
            }
        }
        // One of the four frames holds the tables.
        #expect(populated == 3)
        #expect(space.load(UInt8.self, at: GuestPhysicalAddress(space.ram.upperBound - 1)) == nil)
    }

    /// A small guest costs the pages that it touches. One that takes more frames gets the host's huge pages, which are
    /// advice: what there was before stays as it was.
    @Test func pagesOfASmallGuestAreSmall() throws {
        let host = try FrameAllocator(capacity: 64 << 20)
        let space = try Self.makeSpace(32 << 20, vmid: 1, host)
        for index in 0..<UInt64(4) {
            let address = GuestPhysicalAddress(space.ram.lowerBound + index * Self.frame + 0x5000)
            #expect(space.store(index + 1, at: address))
        }
        #expect(space.filledBytes == 4 * 4096)
        for index in 4..<UInt64(8) {
            let address = GuestPhysicalAddress(space.ram.lowerBound + index * Self.frame + 0x5000)
            #expect(space.store(index + 1, at: address))
        }
        for index in 0..<UInt64(8) {
            let address = GuestPhysicalAddress(space.ram.lowerBound + index * Self.frame + 0x5000)
            #expect(space.load(UInt64.self, at: address) == index + 1)
            #expect(space.load(UInt64.self, at: GuestPhysicalAddress(address.rawValue + 0x8_0000)) == 0)
        }
        space.clear()
        #expect(space.filledBytes == 0)
    }

    /// An ended guest's memory is the host's again, and stays so, whoever still asks for it.
    @Test func aClosedSpaceTakesNothingAgain() throws {
        let host = try FrameAllocator(capacity: 8 << 20)
        let space = try Self.makeSpace(64 << 20, vmid: 1, host)
        let address = GuestPhysicalAddress(space.ram.lowerBound)
        #expect(space.store(UInt64(1), at: address))
        space.close()
        #expect(space.residentBytes == 0)
        #expect(!space.store(UInt64(1), at: address))
        #expect(space.load(UInt64.self, at: address) == nil)
        #expect(throws: OutOfHostFrames.self) { try space.populate(address) }
        // All but the frame with the tables is there for others.
        let other = try Self.makeSpace(6 << 20, vmid: 2, host)
        for address in stride(from: other.ram.lowerBound, to: other.ram.upperBound, by: Int(Self.frame)) {
            #expect(other.load(UInt64.self, at: GuestPhysicalAddress(address)) == 0)
        }
    }
}
