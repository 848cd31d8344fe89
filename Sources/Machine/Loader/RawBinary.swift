import Platform

/// Bytes of a file that go to one address of RAM as they are.
package struct RawBinary: Sendable {
    package let file: FileContents
    package let range: Range<UInt64>

    /// Opens a file that is to lie in one of the machine's blocks of RAM.
    ///
    /// - Throws: `LoaderError`.
    package init(path: String, at address: UInt64, in ram: [Range<UInt64>]) throws(LoaderError) {
        file = try FileContents.read(path: path, .asNeeded)
        let size = UInt64(file.count)
        guard let block = ram.first(where: { $0.contains(address) }), size <= block.upperBound - address else {
            throw LoaderError(file: path, reason: .layout(.binaryOutsideRAM(address: address, size: size, ram: ram)))
        }
        range = address..<address + size
    }

    /// A program of these bytes, entered at the first unless told otherwise.
    package func image(entry: UInt64?) -> GuestImage {
        let segment = GuestImage.Segment(
            index: 0,
            address: range.lowerBound,
            virtualAddress: range.lowerBound,
            fileBytes: 0..<file.count,
            memorySize: UInt64(file.count)
        )
        return GuestImage(
            kind: .raw,
            file: file,
            segments: [segment],
            entry: entry ?? range.lowerBound,
            kernelReservation: nil,
            symbols: .empty
        )
    }
}
