import Glibc

/// Why a file cannot be a guest: which file, what is wrong with it, and what to do, in one line.
package struct LoaderError: Error, Equatable, CustomStringConvertible {
    /// The path as the user gave it.
    package let file: String
    package let reason: Reason

    package init(file: String, reason: Reason) {
        self.file = file
        self.reason = reason
    }

    package enum Reason: Error, Equatable, Sendable {
        case file(FileProblem)
        case format(FormatProblem)
        case layout(LayoutProblem)
    }

    /// The host does not give the file's bytes.
    package enum FileProblem: Equatable, Sendable {
        case missing
        case unreadable(errno: Int32)
        case directory
        case notRegularFile
        case empty
        case tooLarge(bytes: UInt64, limit: UInt64)
        /// Shorter than when it was opened.
        case changed
    }

    /// The bytes are not a RISC-V program.
    package enum FormatProblem: Equatable, Sendable {
        case notGuestImage(FileFormat)
        case not64Bit
        case bigEndian
        case wrongMachine(UInt16)
        case wrongType(UInt16)
        case malformedHeader(HeaderField, value: UInt64)
        case truncated(Part, end: UInt64, fileSize: UInt64)
        case absurdCount(Part, count: UInt64, limit: UInt64)
        case rejectedByLibelf(String)
    }

    /// The program cannot lie in this guest's memory as it asks to.
    package enum LayoutProblem: Equatable, Sendable {
        case noLoadableSegment
        case fileSizeExceedsMemorySize(segment: Int, fileSize: UInt64, memorySize: UInt64)
        case wrappingSegment(Int, address: UInt64, size: UInt64)
        case overlappingSegments(Int, Int, address: UInt64)
        case segmentOutsideRAM(Int, address: UInt64, size: UInt64, ram: Range<UInt64>)
        case kernelReservationOverlap(segment: Int, reserved: Range<UInt64>)
        case kernelOutsideRAM(address: UInt64, size: UInt64, ram: Range<UInt64>)
        case entryOutsideImage(UInt64)
        case entryOutsideRAM(UInt64, ram: Range<UInt64>)
        case misalignedEntry(UInt64)
        case binaryOutsideRAM(address: UInt64, size: UInt64, ram: [Range<UInt64>])
    }

    /// A field of the ELF header, or of the kernel's `Image` header.
    package enum HeaderField: String, Equatable, Sendable {
        case fileClass = "EI_CLASS"
        case dataEncoding = "EI_DATA"
        case version = "EI_VERSION"
        case headerSize = "e_ehsize"
        case programHeaderSize = "e_phentsize"
        case sectionHeaderSize = "e_shentsize"
        case textOffset = "text_offset"
        case imageSize = "image_size"
    }

    /// A part of a file that can be missing or out of proportion.
    package enum Part: Equatable, Sendable {
        case header
        case programHeaders
        case sectionHeaders
        case segment(Int)
    }

    package var description: String { "\(Self.printable(file)): \(reason.description)" }

    /// A file name may hold line feeds and escape sequences; a message is one line of text.
    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: "?"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

extension LoaderError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file(let problem): problem.description
        case .format(let problem): problem.description
        case .layout(let problem): problem.description
        }
    }
}

extension LoaderError.FileProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing:
            "no such file; check the path, or build the guests with 'make guests'"
        case .unreadable(let code):
            "cannot be read: \(String(cString: strerror(code)))"
        case .directory:
            "is a directory; name the file inside it"
        case .notRegularFile:
            "is not a regular file; copy its contents into one first"
        case .empty:
            "is empty; build or download it again"
        case .tooLarge(let bytes, let limit):
            "is \(bytes >> 20) MiB, and the limit is \(limit >> 20) MiB; strip its debug information"
        case .changed:
            "became shorter while the guest was using it; replace a guest's file by a new one instead of writing to it"
        }
    }
}

extension LoaderError.FormatProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notGuestImage(let format):
            "is neither an ELF file nor a RISC-V Linux Image: \(format.description)"
        case .not64Bit:
            "is a 32-bit ELF, and guests are 64-bit; build it for riscv64"
        case .bigEndian:
            "is a big-endian ELF, and guests are little-endian; build it for riscv64"
        case .wrongMachine(let machine):
            "is an ELF for \(ELFNames.machine(machine)), not for RISC-V; build it for riscv64"
        case .wrongType(let type):
            "is \(ELFNames.type(type)), and a guest is a linked program (ET_EXEC or ET_DYN); link it"
        case .malformedHeader(let field, let value):
            "has an impossible \(field.rawValue) of \(value) in its header; the file is damaged, build it again"
        case .truncated(let part, let end, let fileSize):
            "is truncated: \(part.description) should end at byte \(end), and the file has \(fileSize); "
                + "build or download it again"
        case .absurdCount(let part, let count, let limit):
            "claims \(count) \(part.description), and the limit is \(limit); the file is damaged, build it again"
        case .rejectedByLibelf(let message):
            "is not a usable ELF, libelf says '\(message)'; build it again"
        }
    }
}

extension LoaderError.Part: CustomStringConvertible {
    package var description: String {
        switch self {
        case .header: "the header"
        case .programHeaders: "program headers"
        case .sectionHeaders: "section headers"
        case .segment(let index): "segment \(index)"
        }
    }
}

extension LoaderError.LayoutProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noLoadableSegment:
            "has no PT_LOAD segment with any memory, so there is nothing to run; link it as a program"
        case .fileSizeExceedsMemorySize(let segment, let fileSize, let memorySize):
            "segment \(segment) has \(fileSize) bytes in the file for \(memorySize) bytes of memory; "
                + "the file is damaged, build it again"
        case .wrappingSegment(let segment, let address, let size):
            "segment \(segment) at \(hex(address)) with \(hex(size)) bytes runs past the end of the address space; "
                + "correct the linker script"
        case .overlappingSegments(let first, let second, let address):
            "segments \(first) and \(second) overlap at \(hex(address)); correct the linker script"
        case .segmentOutsideRAM(let segment, let address, let size, let ram):
            "segment \(segment) at \(span(address, size)) is outside RAM \(span(ram)); \(remedy(address, size, ram))"
        case .kernelReservationOverlap(let segment, let reserved):
            "segment \(segment) lies in \(span(reserved)), which the kernel's image_size reserves; link it above that"
        case .kernelOutsideRAM(let address, let size, let ram):
            "the kernel needs \(span(address, size)), and RAM is \(span(ram)); \(remedy(address, size, ram))"
        case .entryOutsideImage(let entry):
            "the entry point \(hex(entry)) is in none of its segments; give the linker the right entry symbol"
        case .entryOutsideRAM(let entry, let ram):
            "the entry point \(hex(entry)) is outside RAM \(span(ram)); \(remedy(entry, 4, ram))"
        case .misalignedEntry(let entry):
            "the entry point \(hex(entry)) is odd, and instructions are 2-byte aligned; the file is damaged"
        case .binaryOutsideRAM(let address, let size, let ram):
            "takes \(span(address, size)), and RAM is \(ram.map(span).joined(separator: " and ")); "
                + "load it elsewhere, or add RAM with --ram"
        }
    }

    /// More memory helps where the address lies above RAM, within reason; elsewhere only linking anew does.
    private func remedy(_ address: UInt64, _ size: UInt64, _ ram: Range<UInt64>) -> String {
        let mebibyte: UInt64 = 1 << 20
        let most: UInt64 = 64 << 30
        let (offset, isBelow) = address.subtractingReportingOverflow(ram.lowerBound)
        let (end, isWrapping) = offset.addingReportingOverflow(size)
        guard !isBelow, !isWrapping, end <= most else {
            return "link it for RAM, which begins at \(hex(ram.lowerBound))"
        }
        return "give the guest --memory \((end + mebibyte - 1) / mebibyte)M or more"
    }

    private func span(_ address: UInt64, _ size: UInt64) -> String {
        "[\(hex(address)), \(hex(address &+ size)))"
    }

    private func span(_ range: Range<UInt64>) -> String {
        "[\(hex(range.lowerBound)), \(hex(range.upperBound)))"
    }

    private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}
