import Hypervisor
import TestSupport
import Testing

@testable import Machine

/// Damaged files: the loader answers an error, or an image that keeps every promise. It never stops the program.
@Suite struct LoaderFuzzTests {
    static let ram = GuestImageTests.ram

    /// What `GuestImage` promises for any file.
    private func checkPromises(_ image: GuestImage, seed: UInt64) {
        #expect(!image.segments.isEmpty, "seed \(seed)")
        var end: UInt64 = Self.ram.lowerBound
        for segment in image.segments {
            #expect(segment.memorySize > 0 && segment.address >= end, "seed \(seed)")
            #expect(segment.memorySize <= Self.ram.upperBound - segment.address, "seed \(seed)")
            #expect(UInt64(segment.fileBytes.count) <= segment.memorySize, "seed \(seed)")
            #expect(segment.fileBytes.upperBound <= image.file.count, "seed \(seed)")
            end = segment.range.upperBound
        }
        #expect(image.segments.contains { $0.range.contains(image.entry) }, "seed \(seed)")
        #expect(image.highestAddress <= Self.ram.upperBound, "seed \(seed)")
        let memory = RecordingMemory()
        let isCopied = (try? image.copy(into: memory)) ?? false
        #expect(isCopied && memory.contents.values.allSatisfy { !$0.isEmpty }, "seed \(seed)")
        for address in [image.entry, 0, .max, image.highestAddress, 0xFFFF_FFFF_8000_0000] {
            _ = image.symbol(at: address)
        }
        _ = image.address(of: "tohost")
        _ = image.embeddedInitrd
    }

    private func load(_ bytes: [UInt8], seed: UInt64) -> Bool {
        do {
            checkPromises(try GuestImage.parse(FileContents(bytes), name: "fuzz", ram: Self.ram), seed: seed)
            return true
        } catch {
            #expect(!error.description.contains("\n"), "seed \(seed)")
            return false
        }
    }

    static var originals: [[UInt8]] {
        var kernel = ELFBuilder.valid
        kernel.entry = 0xFFFF_FFFF_8000_0000
        kernel.segments = [
            .init(0xFFFF_FFFF_8000_0000, physical: 0, contents: linuxImageBytes(imageSize: 0x1_0000, fileSize: 256)),
            .init(0xFFFF_FFFF_8000_1000, physical: 0x1000, contents: [1, 2, 3], memorySize: 64),
        ]
        return [
            ELFBuilder.valid.bytes(), kernel.bytes(),
            GuestImageTests.wrapped(imageSize: 0x10_0000, initrdAt: 0x8100_0000).bytes(),
            linuxImageBytes(imageSize: 0x10_0000, fileSize: 256),
        ]
    }

    /// Values that break arithmetic, written where numbers stand.
    private static let evil: [UInt64] = [
        0, 1, 2, 0x3F, 0x40, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 62, .max >> 1, 1 << 63, .max - 63,
        .max - 1, .max,
    ]

    private func mutate(_ original: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = original
        for _ in 0...random.next() % 6 {
            // Half of all damage goes to the headers, where it matters.
            let span = random.next() % 2 == 0 ? min(bytes.count, 256) : bytes.count
            let position = Int(random.next() % UInt64(span))
            switch random.next() % 5 {
            case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[position] ^= 1 << UInt8(random.next() % 8)
            case 2:
                let value = Self.evil[Int(random.next() % UInt64(Self.evil.count))]
                let aligned = position & ~7
                for (index, byte) in ELFBuilder.double(value).enumerated() where aligned + index < bytes.count {
                    bytes[aligned + index] = byte
                }
            case 3:
                let value = Self.evil[Int(random.next() % UInt64(Self.evil.count))]
                for (index, byte) in ELFBuilder.half(UInt16(truncatingIfNeeded: value)).enumerated()
                where position & ~1 + index < bytes.count {
                    bytes[position & ~1 + index] = byte
                }
            default:
                if random.next() % 8 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            }
            if bytes.isEmpty { bytes = [0] }
        }
        return bytes
    }

    @Test(arguments: 0..<4) func damagedFiles(original: Int) {
        let bytes = Self.originals[original]
        #expect(load(bytes, seed: 0))
        var accepted = 0
        for seed in 1...UInt64(5000) {
            var random = SplitMix64(seed: seed &+ UInt64(original) << 32)
            if load(mutate(bytes, &random), seed: seed) { accepted += 1 }
        }
        // Both outcomes were met: the damage is neither always fatal nor never.
        #expect(accepted > 50 && accepted < 4990)
    }

    @Test func noise() {
        var random = SplitMix64(seed: 99)
        for seed in 0..<UInt64(2000) {
            var bytes = (0..<random.next() % 600).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            bytes.replaceSubrange(0..<min(7, bytes.count), with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1].prefix(bytes.count))
            _ = load(bytes, seed: seed)
        }
    }
}
