import Hypervisor
import Platform

/// A guest's program, read and validated: what goes where in its memory, and where it starts.
///
/// It is independent of any memory. All addresses are guest-physical unless they say otherwise, and every segment has
/// been checked to lie inside the RAM it was loaded for.
package struct GuestImage: Sendable {
    /// Where a program may lie, beside the RAM that every guest has.
    package struct FurtherPlaces: Sendable {
        package enum OutsideMemory: Sendable {
            case refused
            /// Segments without bytes in the file, which only name what is there, and the one with the mailbox.
            case tolerated
        }

        package var ram: [Range<UInt64>]
        package var outsideMemory: OutsideMemory
        /// Where the program is entered instead of where its file says; in some RAM.
        package var entry: UInt64?

        package init(ram: [Range<UInt64>] = [], outsideMemory: OutsideMemory = .refused, entry: UInt64? = nil) {
            self.ram = ram
            self.outsideMemory = outsideMemory
            self.entry = entry
        }
    }

    package enum Kind: Sendable {
        case elf
        /// A raw Linux `Image`, as `arch/riscv/boot/Image` is.
        case linuxImage
        /// Bytes that say nothing of themselves.
        case raw
    }

    /// One contiguous piece of memory with its initial contents.
    package struct Segment: Equatable, Sendable {
        /// Its program header's index in the file, by which messages name it.
        package let index: Int
        /// Where it goes in guest-physical memory.
        package let address: UInt64
        /// Where the program expects it once its own paging is on; as linked, not rebased.
        package let virtualAddress: UInt64
        /// Which bytes of the file it begins with.
        package let fileBytes: Range<Int>
        /// Its size in memory; what the file does not give is zero.
        package let memorySize: UInt64

        /// The guest-physical addresses it takes.
        package var range: Range<UInt64> { address..<address + memorySize }
    }

    package let kind: Kind
    /// The file, to which the segments refer.
    package let file: FileContents
    /// Sorted by address, at least one, none empty, none overlapping.
    package let segments: [Segment]
    /// Where the first hart starts.
    package let entry: UInt64
    /// Whole pages outside RAM, without which the program cannot reach its own mailbox (`tohost`, `fromhost`).
    package var mailboxMemory: [Range<UInt64>] = []
    /// What a kernel's header reserves beyond its segments, if a kernel is in it.
    package let kernelReservation: Range<UInt64>?
    package let symbols: SymbolTable

    /// The lowest address the program takes.
    package var lowestAddress: UInt64 { segments.first?.address ?? entry }

    /// The end (exclusive) of what the program takes, with `.bss` and a kernel's `image_size`.
    package var highestAddress: UInt64 {
        max(segments.last?.range.upperBound ?? entry, kernelReservation?.upperBound ?? 0)
    }

    /// Everything the program takes: where nothing else may be placed.
    package var occupied: [Range<UInt64>] {
        segments.map(\.range) + (kernelReservation.map { [$0] } ?? [])
    }

    /// Kernels and programs linked at 0 go this far above the start of RAM, as on other RISC-V machines: a kernel
    /// needs 2 MiB alignment for its page tables, and the first 2 MiB belong to the firmware.
    package static let kernelOffset: UInt64 = 0x20_0000

    /// Reads and validates a guest.
    ///
    /// - Parameters:
    ///   - path: an ELF64 RISC-V program (`ET_EXEC` or `ET_DYN`), or a raw Linux `Image`.
    ///   - ram: the guest's RAM.
    ///   - rebaseOffset: where in RAM a program linked at 0 goes; 0 for firmware, which owns the start of RAM.
    ///   - further: what else there is for it to lie in.
    /// - Returns: the program, ready to be copied into a guest's memory.
    /// - Throws: `LoaderError`, whose description is one line for the user.
    package static func load(
        path: String,
        ram: Range<UInt64>,
        rebaseOffset: UInt64 = kernelOffset,
        further: FurtherPlaces = FurtherPlaces()
    ) throws(LoaderError) -> GuestImage {
        let file = try FileContents.read(path: path)
        // Symbols are copied out, and segments come from the file when they are loaded.
        defer { file.release() }
        return try parse(file, name: path, ram: ram, rebaseOffset: rebaseOffset, further: further)
    }

    /// Validates a guest that is in the host's memory already.
    ///
    /// - Parameters:
    ///   - file: the bytes.
    ///   - name: what error messages call it.
    ///   - ram: the guest's RAM.
    ///   - rebaseOffset: as for `load`.
    ///   - further: as for `load`.
    /// - Returns: the program, ready to be copied into a guest's memory.
    /// - Throws: `LoaderError`, whose description is one line for the user.
    package static func parse(
        _ file: FileContents,
        name: String,
        ram: Range<UInt64>,
        rebaseOffset: UInt64 = kernelOffset,
        further: FurtherPlaces = FurtherPlaces()
    ) throws(LoaderError) -> GuestImage {
        do throws(LoaderError.Reason) {
            if let header = LinuxImageHeader(in: file, at: 0) {
                return try linuxImage(file, header: header, ram: ram)
            }
            return try ELFParser(file: file, ram: ram, rebaseOffset: rebaseOffset, further: further).image()
        } catch {
            throw LoaderError(file: name, reason: error)
        }
    }

    /// The nearest symbol at or below an address the guest runs at, virtual or guest-physical.
    ///
    /// Nil outside the program: a stray address is not "the last function plus two gigabytes".
    package func symbol(at address: UInt64) -> (name: String, offset: UInt64)? {
        if segments.contains(where: { address &- $0.virtualAddress < $0.memorySize }) {
            return symbols.nearest(at: address)
        }
        guard let segment = segments.first(where: { $0.range.contains(address) }) else { return nil }
        return symbols.nearest(at: segment.virtualAddress &+ (address - segment.address))
    }

    /// An address with its symbol, where the file has one.
    func describe(_ address: UInt64) -> String {
        guard let (name, offset) = symbol(at: address) else { return hex(address) }
        return "\(hex(address)) (\(name)+\(hex(offset)))"
    }

    /// The guest-physical address of a symbol, such as `tohost` or `begin_signature`.
    package func address(of name: String) -> UInt64? {
        symbols.value(of: name).flatMap { Self.physicalAddress(ofVirtual: $0, in: segments) }
    }

    /// The initial file system that a guest's builder linked into it, between `__initrd_start` and `__initrd_end`.
    package var embeddedInitrd: Range<UInt64>? {
        guard let start = address(of: "__initrd_start"), let end = address(of: "__initrd_end"),
            let segment = segments.first(where: { $0.range.contains(start) }),
            start < end, end <= segment.range.upperBound
        else { return nil }
        return start..<end
    }

    /// Maps an address as linked to where its segment is loaded.
    ///
    /// An end label (`end_signature`, `_end`) belongs to the segment that it ends.
    static func physicalAddress(ofVirtual address: UInt64, in segments: [Segment]) -> UInt64? {
        let segment =
            segments.first { address &- $0.virtualAddress < $0.memorySize }
            ?? segments.first { address == $0.virtualAddress &+ $0.memorySize }
        return segment.map { $0.address &+ (address &- $0.virtualAddress) }
    }
}

/// Memory that a program is loaded into.
package protocol ProgramMemory {
    /// Calls `fill` with the host's memory behind each piece of the range, in order, until it answers false.
    ///
    /// - Returns: false if `fill` did, or if the range is not all memory.
    /// - Throws: `OutOfHostFrames` when there is none left to put behind it.
    func fill(
        at address: UInt64,
        count: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(OutOfHostFrames) -> Bool
}

extension GuestImage {
    /// Copies the program from its file into fresh memory, whose other bytes (`.bss`) are zero already.
    ///
    /// - Returns: false if the file has become shorter, or the memory is smaller than the RAM the image was loaded for.
    /// - Throws: `OutOfHostFrames`.
    package func copy(into memory: any ProgramMemory) throws(OutOfHostFrames) -> Bool {
        for segment in segments where !segment.fileBytes.isEmpty {
            guard try file.copy(segment.fileBytes, to: segment.address, in: memory) else { return false }
        }
        return true
    }
}

extension FileContents {
    /// Copies a part of the file, or all of it, into a guest's memory.
    ///
    /// - Returns: false if the file has become shorter, or if the range is not all memory.
    /// - Throws: `OutOfHostFrames`.
    package func copy(
        _ range: Range<Int>? = nil,
        to address: UInt64,
        in memory: any ProgramMemory
    ) throws(OutOfHostFrames) -> Bool {
        let range = range ?? 0..<count
        var offset = range.lowerBound
        return try memory.fill(at: address, count: range.count) { buffer in
            defer { offset += buffer.count }
            return copy(from: offset, to: buffer)
        }
    }
}

extension PhysicalMemory: ProgramMemory {
    package func fill(
        at address: UInt64,
        count: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(OutOfHostFrames) -> Bool {
        guard let start = pointer(at: address, count: UInt64(count)) else { return count == 0 }
        return fill(UnsafeMutableRawBufferPointer(start: start, count: count))
    }
}

extension GuestAddressSpace: ProgramMemory {
    package func fill(
        at address: UInt64,
        count: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(OutOfHostFrames) -> Bool {
        try forEachPiece(GuestPhysicalAddress(address), count: count) { start, _, count in
            fill(UnsafeMutableRawBufferPointer(start: start, count: count))
        }
    }
}
