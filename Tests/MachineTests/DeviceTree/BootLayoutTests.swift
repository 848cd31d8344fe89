import Hypervisor
import TestSupport
import Testing

@testable import Machine

@Suite struct BootLayoutTests {
    static let mebibyte: UInt64 = 1 << 20
    static let kernel: Range<UInt64> = 0x8020_0000..<0x8220_0000

    static func layout(
        memory: UInt64,
        occupied: [Range<UInt64>] = [kernel],
        initrdSize: UInt64 = 0
    ) throws -> BootLayout {
        try BootLayout.make(
            DeviceTreeConfiguration(hartCount: 2, memory: MemoryMap.ram(size: memory), bootArguments: "quiet"),
            occupied: occupied,
            initrdSize: initrdSize
        )
    }

    @Test(arguments: [64, 128, 256, 1024, 2048, 8192] as [UInt64], [0, 1, 4096, 7_654_321] as [UInt64])
    func placesAreFreeAlignedAndWithinReach(memory: UInt64, initrdSize: UInt64) throws {
        let layout = try Self.layout(memory: memory * Self.mebibyte, initrdSize: initrdSize)
        let tree = layout.deviceTreeAddress..<layout.deviceTreeAddress + UInt64(layout.deviceTree.count)
        let ram = MemoryMap.ram(size: min(memory, 1024) * Self.mebibyte)
        #expect(tree.lowerBound % 8 == 0)
        #expect(tree.lowerBound >= Self.kernel.upperBound && tree.upperBound <= ram.upperBound)
        // Near the top, where QEMU's board has it.
        #expect(tree.lowerBound == ram.upperBound - 0x20_0000)
        let parsed = FlattenedTree(blob: layout.deviceTree)
        #expect(parsed.checkResult == 0)
        guard initrdSize > 0 else {
            #expect(layout.initrd == nil)
            #expect(parsed.bytes("/chosen", "linux,initrd-start") == nil)
            return
        }
        let initrd = try #require(layout.initrd)
        #expect(initrd.upperBound - initrd.lowerBound == initrdSize)
        // Low: a boot loader may move to the top.
        #expect(initrd.lowerBound == Self.kernel.lowerBound + min(memory / 2, 128) * Self.mebibyte)
        #expect(initrd.lowerBound >= Self.kernel.upperBound && !initrd.overlaps(tree))
        #expect(initrd.upperBound <= ram.upperBound)
        #expect(parsed.doubles("/chosen", "linux,initrd-start") == [initrd.lowerBound])
        #expect(parsed.doubles("/chosen", "linux,initrd-end") == [initrd.upperBound])
    }

    @Test func goesRoundWhatLiesAtTheTop() throws {
        let top: Range<UInt64> = 0x8FFF_0000..<0x9000_0000
        let layout = try Self.layout(memory: 256 * Self.mebibyte, occupied: [top, Self.kernel], initrdSize: 5000)
        let initrd = try #require(layout.initrd)
        #expect(layout.deviceTreeAddress + UInt64(layout.deviceTree.count) <= top.lowerBound)
        #expect(layout.deviceTreeAddress == 0x8FE0_0000)
        #expect(initrd.lowerBound == Self.kernel.lowerBound + 128 * Self.mebibyte)
    }

    /// What lies where the initrd would is gone round; with no room from there on, any place will do.
    @Test(
        arguments: [
            (0x8000_0000..<0x9000_0000, 0x8900_0000..<0x8901_0000, 1, 0x8820_0000),
            (0x8000_0000..<0x9000_0000, 0x8821_0000..<0x8830_0000, 1, 0x8830_0000),
            (0x8000_0000..<0x9000_0000, 0x8810_0000..<0x8820_1800, 1, 0x8820_2000),
            (0x8000_0000..<0x8400_0000, 0x8220_0000..<0x8320_0000, 4, 0x8320_0000),
            (0x8000_0000..<0x8800_0000, 0x8420_0000..<0x8700_0000, 30, 0x8240_0000),
        ] as [(Range<UInt64>, Range<UInt64>, UInt64, UInt64)]
    )
    func initrdGoesRound(ram: Range<UInt64>, obstacle: Range<UInt64>, mebibytes: UInt64, expected: UInt64) throws {
        let layout = try BootLayout.make(
            DeviceTreeConfiguration(hartCount: 1, memory: ram),
            occupied: [Self.kernel, obstacle],
            initrdSize: mebibytes * Self.mebibyte
        )
        #expect(layout.initrd == expected..<expected + mebibytes * Self.mebibyte)
    }

    /// Behind a firmware, the kernel is what counts.
    @Test func distanceIsTheKernels() throws {
        let layout = try BootLayout.make(
            DeviceTreeConfiguration(hartCount: 1, memory: MemoryMap.ram(size: 256 << 20)),
            occupied: [0x8000_0000..<0x8010_0000, Self.kernel],
            kernel: Self.kernel.lowerBound,
            initrdSize: 5000
        )
        #expect(layout.initrd?.lowerBound == 0x8820_0000)
    }

    @Test func furtherMemoryIsStated() throws {
        var configuration = DeviceTreeConfiguration(hartCount: 1, memory: MemoryMap.ram(size: 128 << 20))
        configuration.furtherMemory = [0x1_0000_0000..<0x1_4000_0000]
        let tree = FlattenedTree(blob: try configuration.deviceTree())
        #expect(tree.doubles("/memory@80000000", "reg") == [0x8000_0000, 128 << 20])
        #expect(tree.doubles("/memory@100000000", "reg") == [0x1_0000_0000, 1 << 30])
    }

    @Test func aProgramThatFillsTheFirstGibibyteGetsItsTreeAboveIt() throws {
        let layout = try Self.layout(memory: 2048 * Self.mebibyte, occupied: [0x8000_0000..<0xC000_0000])
        #expect(layout.deviceTreeAddress >= 0xC000_0000)
    }

    @Test func firmwareFindsRoomBehindTheTree() throws {
        let ram = MemoryMap.ram(size: 256 << 20)
        let room: UInt64 = 64 << 10
        let layout = try BootLayout.make(
            DeviceTreeConfiguration(hartCount: 1, memory: ram),
            occupied: [Self.kernel],
            initrdSize: 5000,
            treeRoom: room
        )
        let end = layout.deviceTreeAddress + UInt64(layout.deviceTree.count) + room
        let initrd = try #require(layout.initrd)
        #expect(end <= ram.upperBound)
        #expect(!initrd.overlaps(layout.deviceTreeAddress..<end))
    }

    @Test func anEmbeddedInitrdIsStated() throws {
        var configuration = DeviceTreeConfiguration(hartCount: 1, memory: MemoryMap.ram(size: 128 << 20))
        configuration.initrd = 0x8100_0000..<0x8100_1000
        let layout = try BootLayout.make(configuration, occupied: [Self.kernel], initrdSize: 0)
        #expect(layout.initrd == 0x8100_0000..<0x8100_1000)
        #expect(
            FlattenedTree(blob: layout.deviceTree).doubles("/chosen", "linux,initrd-start") == [0x8100_0000]
        )
    }

    @Test func tooLittleRAMForTheTree() throws {
        let error = #expect(throws: DeviceTreeError.self) {
            try Self.layout(memory: 34 * Self.mebibyte, occupied: [0x8020_0000..<0x8220_0000])
        }
        guard case .noRoom(.deviceTree, _, _) = try #require(error) else {
            Issue.record("unexpected \(String(describing: error))")
            return
        }
    }

    @Test func tooLittleRAMForTheInitrd() throws {
        let error = #expect(throws: DeviceTreeError.self) {
            try Self.layout(memory: 64 * Self.mebibyte, initrdSize: 31 * Self.mebibyte)
        }
        #expect(
            error?.description
                == "no room for the initrd of 32505856 bytes beside the program in 64 MiB of RAM; "
                + "give the guest more with --memory"
        )
    }

    @Test(arguments: [.max, 1 << 63, (256 << 20) + 1] as [UInt64]) func hugeSizesHaveNoPlace(size: UInt64) {
        #expect(BootLayout.place(size, in: MemoryMap.ram(size: 256 << 20), avoiding: [Self.kernel]) == nil)
    }

    /// Against a search page by page.
    @Test func placementAgreesWithExhaustiveSearch() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<500 {
            let ram: Range<UInt64> = 0x10_0000..<0x10_0000 + (1 + random.next() % 32) * 0x1000
            let taken = (0..<random.next() % 4).map { _ -> Range<UInt64> in
                let start = ram.lowerBound + random.next() % 0x1_0000
                return start..<start + random.next() % 0x4000
            }
            let size = 1 + random.next() % 0x6000
            let floor = max(taken.map(\.lowerBound).min() ?? ram.lowerBound, ram.lowerBound)
            let starts = stride(from: ram.lowerBound, to: ram.upperBound, by: 0x1000).reversed()
            let expected = starts.map { $0..<$0 + size }.first { candidate in
                candidate.lowerBound >= floor && candidate.upperBound <= ram.upperBound
                    && !taken.contains { !$0.isEmpty && $0.overlaps(candidate) }
            }
            #expect(BootLayout.place(size, in: ram, avoiding: taken) == expected)
        }
    }
}
