import Hypervisor
import Platform
import Testing

@testable import Machine

/// Memory that keeps what is put into it.
final class RecordingMemory: ProgramMemory {
    private(set) var contents: [UInt64: [UInt8]] = [:]

    func fill(
        at address: UInt64,
        count: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(OutOfHostFrames) -> Bool {
        var bytes = [UInt8](repeating: 0, count: count)
        let isFilled = bytes.withUnsafeMutableBytes { fill($0) }
        contents[address] = bytes
        return isFilled
    }
}

@Suite struct GuestImageTests {
    static let ram = MemoryMap.ram(size: 128 << 20)

    static func parse(_ elf: ELFBuilder, ram: Range<UInt64> = ram) throws(LoaderError) -> GuestImage {
        try GuestImage.parse(FileContents(elf.bytes()), name: "guest.elf", ram: ram)
    }

    @Test func segmentsEntryAndExtent() throws {
        let image = try Self.parse(.valid)
        #expect(image.kind == .elf)
        #expect(image.entry == 0x8000_0000)
        #expect(image.segments.map(\.address) == [0x8000_0000, 0x8000_1000])
        #expect(image.segments.map(\.memorySize) == [64, 0x800])
        #expect(image.lowestAddress == 0x8000_0000)
        #expect(image.highestAddress == 0x8000_1800)
        #expect(image.occupied == [0x8000_0000..<0x8000_0040, 0x8000_1000..<0x8000_1800])
        #expect(image.kernelReservation == nil)
    }

    @Test func contentsComeWithTheirAddresses() throws {
        let memory = RecordingMemory()
        #expect(try Self.parse(.valid).copy(into: memory))
        #expect(memory.contents == [0x8000_0000: Array(repeating: 0x13, count: 64), 0x8000_1000: [1, 2, 3, 4]])
    }

    @Test func copiesIntoPhysicalMemory() throws {
        let memory = try PhysicalMemory(base: 0x8000_0000, size: 0x1_0000)
        #expect(try Self.parse(.valid).copy(into: memory))
        let bytes = UnsafeRawBufferPointer(start: memory.host + 0x1000, count: 6)
        #expect(Array(bytes) == [1, 2, 3, 4, 0, 0])
    }

    @Test func copyIntoSmallerMemoryFails() throws {
        let memory = try PhysicalMemory(base: 0x8000_0000, size: 0x1000)
        #expect(try Self.parse(.valid).copy(into: memory) == false)
    }

    @Test func segmentsAreSortedByAddress() throws {
        var elf = ELFBuilder.valid
        elf.segments.reverse()
        let image = try Self.parse(elf)
        #expect(image.segments.map(\.address) == [0x8000_0000, 0x8000_1000])
        #expect(image.segments.map(\.index) == [1, 0])
    }

    @Test func emptyAndOtherHeadersAreIgnored() throws {
        var elf = ELFBuilder.valid
        elf.segments.append(.init(0, memorySize: 0))
        var note = ELFBuilder.Segment(0xFFFF_FFFF_FFFF_FFF0, contents: [1], memorySize: 0xFFFF)
        note.type = 4
        note.fileOffset = .max
        elf.segments.append(note)
        #expect(try Self.parse(elf).segments.count == 2)
    }

    @Test func adjacentSegmentsDoNotOverlap() throws {
        var elf = ELFBuilder.valid
        elf.segments[0].memorySize = 0x1000
        #expect(try Self.parse(elf).segments[0].range.upperBound == 0x8000_1000)
    }

    @Test func aSegmentMayEndWithRAM() throws {
        var elf = ELFBuilder.valid
        elf.segments.append(.init(Self.ram.upperBound - 16, memorySize: 16))
        #expect(try Self.parse(elf).highestAddress == Self.ram.upperBound)
    }

    @Test func bssMayClaimAnyFileOffset() throws {
        var elf = ELFBuilder.valid
        elf.segments.append(.init(0x8010_0000, memorySize: 0x1000))
        elf.segments[2].fileOffset = .max
        #expect(try Self.parse(elf).segments[2].fileBytes.isEmpty)
    }

    @Test func virtualEntryIsMappedThroughItsSegment() throws {
        var elf = ELFBuilder()
        elf.entry = 0xFFFF_FFC0_0000_1010
        elf.segments = [
            .init(0xFFFF_FFC0_0000_0000, physical: 0x8000_0000, contents: Array(repeating: 0, count: 32)),
            .init(0xFFFF_FFC0_0000_1000, physical: 0x8040_0000, contents: Array(repeating: 1, count: 32)),
        ]
        #expect(try Self.parse(elf).entry == 0x8040_0010)
    }

    @Test func physicalEntryOfAProgramLinkedHighIsTaken() throws {
        var elf = ELFBuilder()
        elf.entry = 0x8000_0004
        elf.segments = [.init(0xFFFF_FFC0_0000_0000, physical: 0x8000_0000, contents: Array(repeating: 0, count: 32))]
        #expect(try Self.parse(elf).entry == 0x8000_0004)
    }

    /// A `vmlinux`: virtual addresses in the upper half; physical ones from 0, or no physical ones at all.
    @Test(arguments: [0, 0xFFFF_FFFF_8000_0000] as [UInt64])
    func vmlinuxIsRebased(physical: UInt64) throws {
        var elf = ELFBuilder()
        elf.entry = 0xFFFF_FFFF_8000_0000
        elf.segments = [
            .init(0xFFFF_FFFF_8000_0000, physical: physical, contents: Array(repeating: 0, count: 64)),
            .init(0xFFFF_FFFF_8040_0000, physical: physical &+ 0x40_0000, contents: [1], memorySize: 0x2000),
        ]
        elf.symbols = [
            .init(name: "_start", value: 0xFFFF_FFFF_8000_0000),
            .init(name: "start_kernel", value: 0xFFFF_FFFF_8040_0100),
        ]
        let image = try Self.parse(elf)
        #expect(image.entry == 0x8020_0000)
        #expect(image.segments.map(\.address) == [0x8020_0000, 0x8060_0000])
        #expect(image.highestAddress == 0x8060_2000)
        // Before and after the kernel has turned its paging on.
        #expect(image.symbol(at: 0x8060_0104).map { $0 == ("start_kernel", 4) } == true)
        #expect(image.symbol(at: 0xFFFF_FFFF_8040_0104).map { $0 == ("start_kernel", 4) } == true)
        #expect(image.address(of: "start_kernel") == 0x8060_0100)
    }

    /// The header in a `vmlinux` spans its own segments: no clash.
    @Test func vmlinuxHeaderReservesItsOwnSegments() throws {
        var elf = ELFBuilder()
        elf.entry = 0xFFFF_FFFF_8000_0000
        elf.segments = [
            .init(0xFFFF_FFFF_8000_0000, physical: 0, contents: linuxImageBytes(imageSize: 0x80_0000)),
            .init(0xFFFF_FFFF_8040_0000, physical: 0x40_0000, contents: [1]),
        ]
        #expect(try Self.parse(elf).highestAddress == 0x80A0_0000)
    }

    @Test func positionIndependentProgramAtZeroIsRebased() throws {
        var elf = ELFBuilder()
        elf.type = 3
        elf.entry = 0x1004
        elf.segments = [
            .init(0, contents: [1, 2, 3, 4]), .init(0x1000, contents: Array(repeating: 0, count: 16)),
        ]
        elf.symbols = [.init(name: "_start", value: 0x1004)]
        let image = try Self.parse(elf)
        #expect(image.entry == 0x8020_1004)
        #expect(image.lowestAddress == 0x8020_0000)
        #expect(image.symbol(at: 0x8020_1006).map { $0 == ("_start", 2) } == true)
        let firmware = try GuestImage.parse(
            FileContents(elf.bytes()),
            name: "fw",
            ram: Self.ram,
            rebaseOffset: 0
        )
        #expect(firmware.entry == 0x8000_1004)
    }

    @Test func positionIndependentProgramInRAMStays() throws {
        var elf = ELFBuilder.valid
        elf.type = 3
        #expect(try Self.parse(elf).entry == 0x8000_0000)
    }
}

// MARK: - Linux images

extension GuestImageTests {
    @Test func rawLinuxImage() throws {
        let bytes = linuxImageBytes(imageSize: 0x1E6_B000, fileSize: 5000)
        let image = try GuestImage.parse(FileContents(bytes), name: "Image", ram: Self.ram)
        #expect(image.kind == .linuxImage)
        #expect(image.entry == 0x8020_0000)
        #expect(image.segments[0].fileBytes == 0..<5000)
        #expect(image.highestAddress == 0x8020_0000 + 0x1E6_B000)
        #expect(image.kernelReservation == 0x8020_0000..<0x8206_B000)
    }

    @Test func rawImageWithoutSizeTakesItsFile() throws {
        let bytes = linuxImageBytes(textOffset: 0, imageSize: 0, fileSize: 5000)
        let image = try GuestImage.parse(FileContents(bytes), name: "Image", ram: Self.ram)
        #expect(image.entry == 0x8000_0000)
        #expect(image.highestAddress == 0x8000_0000 + 5000)
    }

    @Test(
        arguments: [
            (0x20_0000, 1 << 41, "has an impossible image_size of 2199023255552 in its header"),
            (0x20_0000, .max, "has an impossible image_size of"),
            (.max, 0x1000, "has an impossible text_offset of"),
            (0x123, 0x1000, "has an impossible text_offset of 291 in its header"),
            (
                0x20_0000, 0x800_0000,
                "the kernel needs [0x80200000, 0x88200000), and RAM is [0x80000000, 0x88000000); "
                    + "give the guest --memory 130M or more"
            ),
            (0x800_0000, 0x1000, "the kernel needs [0x88000000, 0x88001000), and RAM is"),
        ] as [(UInt64, UInt64, String)]
    )
    func impossibleImageHeaders(textOffset: UInt64, imageSize: UInt64, message: String) throws {
        let bytes = linuxImageBytes(textOffset: textOffset, imageSize: imageSize)
        let error = #expect(throws: LoaderError.self) {
            try GuestImage.parse(FileContents(bytes), name: "Image", ram: Self.ram)
        }
        #expect(try #require(error).description.hasPrefix("Image: " + message))
    }

    /// As `guests/linux.elf` is: the kernel's `.bss` counts although no segment has it.
    static func wrapped(imageSize: UInt64, initrdAt address: UInt64) -> ELFBuilder {
        var elf = ELFBuilder()
        elf.entry = 0x8020_0000
        elf.segments = [
            .init(0x8020_0000, contents: linuxImageBytes(imageSize: imageSize)),
            .init(address, contents: Array(repeating: 7, count: 100)),
        ]
        elf.symbols = [
            .init(name: "__initrd_start", value: address, type: 0),
            .init(name: "__initrd_end", value: address + 100, type: 0),
        ]
        return elf
    }

    @Test func wrappedImageReservesItsSize() throws {
        let image = try Self.parse(Self.wrapped(imageSize: 0x100_0000, initrdAt: 0x8120_0000))
        #expect(image.kernelReservation == 0x8020_0000..<0x8120_0000)
        #expect(image.embeddedInitrd == 0x8120_0000..<0x8120_0064)
        let only = try Self.parse(Self.wrapped(imageSize: 0x100_0000, initrdAt: 0x8010_0000))
        #expect(only.highestAddress == 0x8120_0000)
    }

    @Test func imageBehindAStubIsFoundAtTheEntry() throws {
        var elf = ELFBuilder()
        elf.entry = 0x8020_0000
        elf.segments = [
            .init(0x801F_F000, contents: Array(repeating: 0, count: 0x1000) + linuxImageBytes(imageSize: 0x10_0000))
        ]
        #expect(try Self.parse(elf).highestAddress == 0x8030_0000)
    }

    @Test func segmentInsideTheKernelsMemory() throws {
        let error = #expect(throws: LoaderError.self) {
            try Self.parse(Self.wrapped(imageSize: 0x100_0000, initrdAt: 0x8110_0000))
        }
        #expect(
            error?.reason
                == .layout(.kernelReservationOverlap(segment: 1, reserved: 0x8020_0000..<0x8120_0000))
        )
    }

    @Test func wrappedImageLargerThanRAM() throws {
        let error = #expect(throws: LoaderError.self) {
            try Self.parse(Self.wrapped(imageSize: .max, initrdAt: 0x8100_0000))
        }
        #expect(
            error?.reason
                == .layout(.kernelOutsideRAM(address: 0x8020_0000, size: .max, ram: Self.ram))
        )
    }

    @Test func noEmbeddedInitrdWithoutBothLabels() throws {
        #expect(try Self.parse(.valid).embeddedInitrd == nil)
        var elf = Self.wrapped(imageSize: 0x1000, initrdAt: 0x8100_0000)
        elf.symbols[1].value = 0x8000_0000
        #expect(try Self.parse(elf).embeddedInitrd == nil)
    }
}
