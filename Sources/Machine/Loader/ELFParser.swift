import CElf
import Platform

/// Turns an ELF file into a `GuestImage`: libelf reads the tables, this type checks every number in them.
///
/// Relocations are not applied, as no boot loader of this architecture applies them: a position-independent kernel
/// relocates itself once it knows where it runs. Rebasing moves whole programs and leaves their bytes alone.
struct ELFParser {
    let file: FileContents
    let ram: Range<UInt64>
    let rebaseOffset: UInt64
    let further: GuestImage.FurtherPlaces

    /// A program header after the checks that need no other header.
    struct LoadHeader {
        let index: Int
        let physical: UInt64
        let virtual: UInt64
        let fileBytes: Range<Int>
        let memorySize: UInt64
    }

    /// libelf has to be told its version once per process before anything else works.
    private static let isLibelfUsable = elf_version(UInt32(EV_CURRENT)) != UInt32(EV_NONE)

    func image() throws(LoaderError.Reason) -> GuestImage {
        let header = try ELFHeader(of: file)
        let (headers, symbols) = try readTables(header)
        let bias = rebaseBias(headers, type: header.type)
        let (segments, mailboxMemory) = try place(headers, bias: bias, symbols)
        let entry: UInt64
        if let given = further.entry {
            entry = given
        } else {
            entry = try entryAddress(header.entry, segments: segments)
        }
        let kernel = try kernelReservation(in: segments, entry: entry)
        return GuestImage(
            kind: .elf,
            file: file,
            segments: segments,
            entry: entry,
            mailboxMemory: mailboxMemory,
            kernelReservation: kernel,
            symbols: symbols
        )
    }

    // MARK: - Reading through libelf

    private func readTables(_ header: ELFHeader) throws(LoaderError.Reason) -> ([LoadHeader], SymbolTable) {
        guard Self.isLibelfUsable else { throw .format(.rejectedByLibelf(Self.libelfMessage())) }
        let tables = try file.withLibelfImage { (bytes, count) throws(LoaderError.Reason) in
            guard let elf = elf_memory(bytes, count) else {
                throw LoaderError.Reason.format(.rejectedByLibelf(Self.libelfMessage()))
            }
            defer { elf_end(elf) }
            guard elf_kind(elf) == ELF_K_ELF else {
                throw LoaderError.Reason.format(.rejectedByLibelf("not an ELF object"))
            }
            var headers: [LoadHeader] = []
            for index in 0..<header.programHeaderCount {
                var program = GElf_Phdr()
                guard gelf_getphdr(elf, Int32(index), &program) != nil else {
                    throw LoaderError.Reason.format(.rejectedByLibelf(Self.libelfMessage()))
                }
                if let load = try check(program, index: index) { headers.append(load) }
            }
            let symbols = header.hasSections ? ELFSymbols(elf: elf, file: file).table() : .empty
            return (headers, symbols)
        }
        guard let tables else { throw .format(.rejectedByLibelf("the file is not in memory")) }
        return tables
    }

    private static func libelfMessage() -> String { elf_errmsg(-1).map { String(cString: $0) } ?? "no reason" }

    /// - Returns: nil for headers that load nothing.
    private func check(_ program: GElf_Phdr, index: Int) throws(LoaderError.Reason) -> LoadHeader? {
        guard program.p_type == UInt32(PT_LOAD), program.p_memsz > 0 else { return nil }
        let memorySize = program.p_memsz
        guard program.p_filesz <= memorySize else {
            throw .layout(
                .fileSizeExceedsMemorySize(segment: index, fileSize: program.p_filesz, memorySize: memorySize)
            )
        }
        let (end, isWrapping) = program.p_offset.addingReportingOverflow(program.p_filesz)
        guard program.p_filesz == 0 || (!isWrapping && end <= UInt64(file.count)) else {
            throw .format(
                .truncated(.segment(index), end: isWrapping ? .max : end, fileSize: UInt64(file.count))
            )
        }
        for address in [program.p_paddr, program.p_vaddr]
        where address.addingReportingOverflow(memorySize).overflow {
            throw .layout(.wrappingSegment(index, address: address, size: memorySize))
        }
        return LoadHeader(
            index: index,
            physical: program.p_paddr,
            virtual: program.p_vaddr,
            fileBytes: program.p_filesz == 0 ? 0..<0 : Int(program.p_offset)..<Int(end),
            memorySize: memorySize
        )
    }

    // MARK: - Placing

    /// Addresses from here on cannot be physical (56 bits at most): they are a kernel's virtual ones.
    private static let upperHalf: UInt64 = 1 << 63
    /// "Linked at 0" allows for a first segment somewhat above it.
    private static let nearZero: UInt64 = 16 << 20

    /// What to add to physical addresses so that a program with no place of its own gets one in RAM.
    ///
    /// Such programs are a `vmlinux` (virtual addresses in the upper half, physical ones from 0, or none that could be
    /// physical) and position-independent programs linked at 0. All others say where they want to be.
    private func rebaseBias(_ headers: [LoadHeader], type: UInt16) -> UInt64 {
        guard let lowest = headers.min(by: { $0.physical < $1.physical }) else { return 0 }
        let isUnplaced =
            lowest.physical >= Self.upperHalf
            || (lowest.physical < min(Self.nearZero, ram.lowerBound)
                && (lowest.virtual >= Self.upperHalf || type == ELFHeader.sharedObject))
        guard isUnplaced else { return 0 }
        let alignedLowest = lowest.physical & ~(GuestImage.kernelOffset - 1)
        return ram.lowerBound &+ rebaseOffset &- alignedLowest
    }

    /// All the RAM that there is.
    private var memory: [Range<UInt64>] { [ram] + further.ram }

    /// What becomes of a segment.
    private enum Place {
        case memory
        case mailbox
        case nowhere
    }

    private func place(
        _ header: LoadHeader,
        at address: UInt64,
        _ symbols: SymbolTable
    ) throws(LoaderError.Reason) -> Place {
        let size = header.memorySize
        if memory.contains(where: { $0.contains(address) && size <= $0.upperBound - address }) { return .memory }
        let (end, isWrapping) = address.addingReportingOverflow(size)
        if case .tolerated = further.outsideMemory, !isWrapping, !memory.contains(where: { $0.overlaps(address..<end) })
        {
            let hasMailbox = Self.mailbox.contains { name in
                symbols.value(of: name).map { $0 &- header.virtual < size } ?? false
            }
            if hasMailbox, size <= Self.mailboxLimit { return .mailbox }
            if header.fileBytes.isEmpty { return .nowhere }
        }
        throw .layout(.segmentOutsideRAM(header.index, address: address, size: size, ram: ram))
    }

    private static let mailbox = ["tohost", "fromhost"]
    /// A mailbox has two words; with more around it, something else was meant.
    private static let mailboxLimit: UInt64 = 1 << 20

    /// - Returns: the segments, and the memory outside RAM that they need.
    private func place(
        _ headers: [LoadHeader],
        bias: UInt64,
        _ symbols: SymbolTable
    ) throws(LoaderError.Reason) -> ([GuestImage.Segment], [Range<UInt64>]) {
        guard !headers.isEmpty else { throw .layout(.noLoadableSegment) }
        var placed: [GuestImage.Segment] = []
        var mailboxMemory: [Range<UInt64>] = []
        for header in headers {
            let address = header.physical &+ bias
            switch try place(header, at: address, symbols) {
            case .memory: break
            case .nowhere: continue
            case .mailbox:
                let pages = Self.pages(address, header.memorySize)
                // Two segments in one page share it.
                if let index = mailboxMemory.firstIndex(where: { $0.overlaps(pages) }) {
                    let other = mailboxMemory[index]
                    mailboxMemory[index] =
                        min(other.lowerBound, pages.lowerBound)..<max(other.upperBound, pages.upperBound)
                } else {
                    mailboxMemory.append(pages)
                }
            }
            placed.append(
                GuestImage.Segment(
                    index: header.index,
                    address: address,
                    virtualAddress: header.virtual,
                    fileBytes: header.fileBytes,
                    memorySize: header.memorySize
                )
            )
        }
        guard !placed.isEmpty else { throw .layout(.noLoadableSegment) }
        placed.sort { $0.address < $1.address }
        for (lower, upper) in zip(placed, placed.dropFirst()) where upper.address < lower.range.upperBound {
            throw .layout(
                .overlappingSegments(
                    min(lower.index, upper.index),
                    max(lower.index, upper.index),
                    address: upper.address
                )
            )
        }
        return (placed, mailboxMemory)
    }

    private static func pages(_ address: UInt64, _ size: UInt64) -> Range<UInt64> {
        let end = min(address + size, ~Page.offsetMask)
        return address & ~Page.offsetMask..<(end + Page.offsetMask) & ~Page.offsetMask
    }

    /// The entry is a virtual address; where no segment is linked there, it may be meant as a physical one.
    private func entryAddress(
        _ entry: UInt64,
        segments: [GuestImage.Segment]
    ) throws(LoaderError.Reason) -> UInt64 {
        guard entry & 1 == 0 else { throw .layout(.misalignedEntry(entry)) }
        if let segment = segments.first(where: { entry &- $0.virtualAddress < $0.memorySize }) {
            return segment.address &+ (entry &- segment.virtualAddress)
        }
        if segments.contains(where: { $0.range.contains(entry) }) { return entry }
        throw .layout(
            memory.contains { $0.contains(entry) } ? .entryOutsideImage(entry) : .entryOutsideRAM(entry, ram: ram)
        )
    }

    /// What the header of a kernel inside the program reserves, at the start of a segment or at the entry point.
    private func kernelReservation(
        in segments: [GuestImage.Segment],
        entry: UInt64
    ) throws(LoaderError.Reason) -> Range<UInt64>? {
        var reservation: Range<UInt64>?
        for segment in segments {
            for address in [segment.address, entry] {
                guard let range = try kernel(at: address, in: segment) else { continue }
                // A vmlinux's own header spans its own segments; a wrapped Image shares memory with nobody.
                if segment.address == segment.virtualAddress,
                    let intruder = segments.first(where: { $0 != segment && $0.range.overlaps(range) })
                {
                    throw .layout(.kernelReservationOverlap(segment: intruder.index, reserved: range))
                }
                let joined = reservation ?? range
                reservation =
                    min(joined.lowerBound, range.lowerBound)..<max(joined.upperBound, range.upperBound)
            }
        }
        return reservation
    }

    private func kernel(
        at address: UInt64,
        in segment: GuestImage.Segment
    ) throws(LoaderError.Reason) -> Range<UInt64>? {
        let offset = address &- segment.address
        guard offset < UInt64(segment.fileBytes.count) else { return nil }
        let start = segment.fileBytes.lowerBound + Int(offset)
        guard start + LinuxImageHeader.size <= segment.fileBytes.upperBound,
            let header = LinuxImageHeader(in: file, at: start), header.imageSize > 0
        else { return nil }
        let end = memory.first { $0.contains(address) }?.upperBound ?? address
        guard header.imageSize <= end - address else {
            throw .layout(.kernelOutsideRAM(address: address, size: header.imageSize, ram: ram))
        }
        return address..<address + header.imageSize
    }
}
