/// The header of a RISC-V Linux `Image` (the kernel's "Boot image header in RISC-V Linux").
struct LinuxImageHeader: Equatable {
    /// From the start of RAM, which is 2 MiB aligned, to the kernel.
    let textOffset: UInt64
    /// The memory the running kernel takes, with its `.bss`; 0 in kernels older than the field.
    let imageSize: UInt64

    static let size = 64
    /// "RSC\x05" at offset 56.
    private static let magic: UInt32 = 0x0543_5352

    /// The header at `offset`, or nil if the magic number is not there.
    init?(in file: FileContents, at offset: Int) {
        guard offset >= 0, offset <= file.count - Self.size,
            file.load(UInt32.self, at: offset + 56) == Self.magic,
            let textOffset = file.load(UInt64.self, at: offset + 8),
            let imageSize = file.load(UInt64.self, at: offset + 16)
        else { return nil }
        self.textOffset = textOffset
        self.imageSize = imageSize
    }
}

extension GuestImage {
    /// A raw `Image`: one segment, entered at its first byte.
    static func linuxImage(
        _ file: FileContents,
        header: LinuxImageHeader,
        ram: Range<UInt64>
    ) throws(LoaderError.Reason) -> GuestImage {
        let alignment = kernelOffset
        let base = (ram.lowerBound &+ (alignment - 1)) & ~(alignment - 1)
        guard header.textOffset & (Self.pageSize - 1) == 0, header.textOffset < 1 << 40 else {
            throw .format(.malformedHeader(.textOffset, value: header.textOffset))
        }
        guard header.imageSize < 1 << 40 else {
            throw .format(.malformedHeader(.imageSize, value: header.imageSize))
        }
        let address = base &+ header.textOffset
        let size = max(header.imageSize, UInt64(file.count))
        guard ram.contains(address), size <= ram.upperBound - address else {
            throw .layout(.kernelOutsideRAM(address: address, size: size, ram: ram))
        }
        let segment = Segment(
            index: 0,
            address: address,
            virtualAddress: address,
            fileBytes: 0..<file.count,
            memorySize: size
        )
        return GuestImage(
            kind: .linuxImage,
            file: file,
            segments: [segment],
            entry: address,
            kernelReservation: segment.range,
            symbols: .empty
        )
    }

    private static let pageSize: UInt64 = 0x1000
}
