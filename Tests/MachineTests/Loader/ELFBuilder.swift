/// Builds small ELF files, right ones and wrong ones: every number in them can be set.
struct ELFBuilder {
    struct Segment {
        var type: UInt32 = 1
        var virtual: UInt64
        var physical: UInt64
        var contents: [UInt8] = []
        var memorySize: UInt64
        /// Instead of where the contents really are.
        var fileOffset: UInt64?
        /// Instead of how many there really are.
        var fileSize: UInt64?

        init(_ address: UInt64, physical: UInt64? = nil, contents: [UInt8] = [], memorySize: UInt64? = nil) {
            virtual = address
            self.physical = physical ?? address
            self.contents = contents
            self.memorySize = memorySize ?? UInt64(contents.count)
        }
    }

    struct Symbol {
        var name: String
        var value: UInt64
        /// 0 label, 1 object, 2 function, 3 section, 4 file.
        var type: UInt8 = 2
        var isLocal = false
        var section: UInt16 = 1
    }

    var fileClass: UInt8 = 2
    var dataEncoding: UInt8 = 1
    var version: UInt8 = 1
    var type: UInt16 = 2
    var machine: UInt16 = 243
    var entry: UInt64 = 0x8000_0000
    var headerSize: UInt16 = 64
    var programHeaderSize: UInt16 = 56
    var programHeaderCount: UInt16?
    var programHeaderOffset: UInt64?
    var sectionHeaderSize: UInt16 = 64
    var sectionHeaderCount: UInt16?
    var sectionHeaderOffset: UInt64?
    var segments: [Segment] = []
    var symbols: [Symbol] = []
    /// `SHT_SYMTAB`, or `SHT_DYNSYM` as in a stripped program.
    var symbolTableType: UInt32 = 2

    /// A program of two segments, with `.bss` and symbols.
    static var valid: ELFBuilder {
        var elf = ELFBuilder()
        elf.segments = [
            Segment(0x8000_0000, contents: Array(repeating: 0x13, count: 64)),
            Segment(0x8000_1000, contents: [1, 2, 3, 4], memorySize: 0x800),
        ]
        elf.symbols = [
            Symbol(name: "_start", value: 0x8000_0000),
            Symbol(name: "handler", value: 0x8000_0020),
            Symbol(name: "tohost", value: 0x8000_1000, type: 1),
            Symbol(name: "end_signature", value: 0x8000_1800, type: 0),
        ]
        return elf
    }

    func bytes() -> [UInt8] {
        var body: [UInt8] = []
        let tableEnd = 64 + segments.count * 56
        var programHeaders: [UInt8] = []
        for segment in segments {
            let offset = segment.fileOffset ?? UInt64(tableEnd + body.count)
            let fileSize = segment.fileSize ?? UInt64(segment.contents.count)
            programHeaders += Self.word(segment.type) + Self.word(7)
            for field in [offset, segment.virtual, segment.physical, fileSize, segment.memorySize, 0x1000] {
                programHeaders += Self.double(field)
            }
            body += segment.contents
        }
        body += Array(repeating: 0, count: -(tableEnd + body.count) & 7)
        let sections = sectionHeaders(dataAt: tableEnd + body.count)
        let sectionOffset = sections.headers.isEmpty ? 0 : UInt64(tableEnd + body.count + sections.data.count)
        let sectionCount = UInt16(sections.headers.count / 64)

        var header: [UInt8] =
            [0x7F, 0x45, 0x4C, 0x46, fileClass, dataEncoding, version] + Array(repeating: 0, count: 9)
        header += Self.half(type) + Self.half(machine) + Self.word(1)
        header += Self.double(entry) + Self.double(programHeaderOffset ?? 64)
        header += Self.double(sectionHeaderOffset ?? sectionOffset) + Self.word(5)
        let halves: [UInt16] = [
            headerSize, programHeaderSize, programHeaderCount ?? UInt16(segments.count), sectionHeaderSize,
            sectionHeaderCount ?? sectionCount, sections.headers.isEmpty ? 0 : 2,
        ]
        header += halves.flatMap(Self.half)
        return header + programHeaders + body + sections.data + sections.headers
    }

    /// The null section, the symbol table and its strings.
    private func sectionHeaders(dataAt start: Int) -> (data: [UInt8], headers: [UInt8]) {
        guard !symbols.isEmpty else { return ([], []) }
        var strings: [UInt8] = [0]
        var table = [UInt8](repeating: 0, count: 24)
        for symbol in symbols {
            table += Self.word(UInt32(strings.count)) + [(symbol.isLocal ? 0 : 1) << 4 | symbol.type, 0]
            table += Self.half(symbol.section) + Self.double(symbol.value) + Self.double(0)
            strings += Array(symbol.name.utf8) + [0]
        }
        strings += Array(repeating: 0, count: -strings.count & 7)
        var headers = [UInt8](repeating: 0, count: 64)
        headers += Self.section(type: symbolTableType, offset: start, size: table.count, link: 2, entrySize: 24)
        headers += Self.section(type: 3, offset: start + table.count, size: strings.count, link: 0, entrySize: 0)
        return (table + strings, headers)
    }

    private static func section(type: UInt32, offset: Int, size: Int, link: UInt32, entrySize: UInt64) -> [UInt8] {
        word(0) + word(type) + double(0) + double(0) + double(UInt64(offset)) + double(UInt64(size)) + word(link)
            + word(0) + double(8) + double(entrySize)
    }

    static func half(_ value: UInt16) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    static func double(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// The start of a Linux `Image`.
func linuxImageBytes(textOffset: UInt64 = 0x20_0000, imageSize: UInt64, fileSize: Int = 4096) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(fileSize, 64))
    bytes.replaceSubrange(0..<4, with: [0x4D, 0x5A, 0x6F, 0x10])
    bytes.replaceSubrange(8..<16, with: ELFBuilder.double(textOffset))
    bytes.replaceSubrange(16..<24, with: ELFBuilder.double(imageSize))
    bytes.replaceSubrange(48..<53, with: Array("RISCV".utf8))
    bytes.replaceSubrange(56..<60, with: Array("RSC\u{5}".utf8))
    return bytes
}
