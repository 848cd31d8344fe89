/// The ELF header, checked against the file before libelf sees a byte of it.
///
/// libelf trusts some of these fields; a guest's file is as hostile as the guest.
struct ELFHeader {
    static let size = 64
    static let programHeaderSize = 56
    static let sectionHeaderSize = 64
    static let symbolSize = 24

    /// Linkers make a dozen; a thousand is no program.
    static let programHeaderLimit: UInt64 = 256
    /// A program compiled with a section for each function has some ten thousand.
    static let sectionHeaderLimit: UInt64 = 1 << 20

    let type: UInt16
    let entry: UInt64
    let programHeaderCount: Int
    let hasSections: Bool

    private static let magic: UInt32 = 0x464C_457F
    private static let class32: UInt8 = 1
    private static let class64: UInt8 = 2
    private static let littleEndian: UInt8 = 1
    private static let bigEndian: UInt8 = 2
    private static let currentVersion: UInt8 = 1
    private static let machineRISCV: UInt16 = 243
    static let executable: UInt16 = 2
    static let sharedObject: UInt16 = 3

    init(of file: FileContents) throws(LoaderError.Reason) {
        guard file.load(UInt32.self, at: 0) == Self.magic else {
            throw .format(.notGuestImage(LoaderError.FileFormat(of: file)))
        }
        guard file.count >= Self.size else {
            throw .format(.truncated(.header, end: UInt64(Self.size), fileSize: UInt64(file.count)))
        }
        let fields = Fields(file: file)
        try Self.checkIdentification(fields)
        type = fields.half(16)
        guard type == Self.executable || type == Self.sharedObject else { throw .format(.wrongType(type)) }
        entry = fields.double(24)
        guard fields.half(52) == UInt16(Self.size) else {
            throw .format(.malformedHeader(.headerSize, value: UInt64(fields.half(52))))
        }
        programHeaderCount = try Self.programHeaderCount(fields)
        hasSections = try Self.checkSectionHeaders(fields)
    }

    private static func checkIdentification(_ fields: Fields) throws(LoaderError.Reason) {
        switch fields.byte(4) {
        case class64: break
        case class32: throw .format(.not64Bit)
        case let value: throw .format(.malformedHeader(.fileClass, value: UInt64(value)))
        }
        switch fields.byte(5) {
        case littleEndian: break
        case bigEndian: throw .format(.bigEndian)
        case let value: throw .format(.malformedHeader(.dataEncoding, value: UInt64(value)))
        }
        guard fields.byte(6) == currentVersion else {
            throw .format(.malformedHeader(.version, value: UInt64(fields.byte(6))))
        }
        guard fields.half(18) == machineRISCV else { throw .format(.wrongMachine(fields.half(18))) }
    }

    private static func programHeaderCount(_ fields: Fields) throws(LoaderError.Reason) -> Int {
        let count = UInt64(fields.half(56))
        guard count > 0 else { throw .layout(.noLoadableSegment) }
        guard count <= programHeaderLimit else {
            throw .format(.absurdCount(.programHeaders, count: count, limit: programHeaderLimit))
        }
        guard fields.half(54) == UInt16(programHeaderSize) else {
            throw .format(.malformedHeader(.programHeaderSize, value: UInt64(fields.half(54))))
        }
        try fields.checkTable(.programHeaders, at: fields.double(32), bytes: count * UInt64(programHeaderSize))
        return Int(count)
    }

    /// - Returns: whether there is a section table at all; a program needs none.
    private static func checkSectionHeaders(_ fields: Fields) throws(LoaderError.Reason) -> Bool {
        let offset = fields.double(40)
        guard offset != 0 else { return false }
        var count = UInt64(fields.half(60))
        if count == 0 {
            // Either there are none, or more than the field holds: then section 0 has the number as its size.
            guard let number = fields.file.load(UInt64.self, at: Int(clamping: min(offset, 1 << 62) + 32)), number > 0
            else { return false }
            guard number <= sectionHeaderLimit else {
                throw .format(.absurdCount(.sectionHeaders, count: number, limit: sectionHeaderLimit))
            }
            count = number
        }
        guard fields.half(58) == UInt16(sectionHeaderSize) else {
            throw .format(.malformedHeader(.sectionHeaderSize, value: UInt64(fields.half(58))))
        }
        try fields.checkTable(.sectionHeaders, at: offset, bytes: count * UInt64(sectionHeaderSize))
        return true
    }

    /// Reads fields of a header that is known to be all there.
    private struct Fields {
        let file: FileContents

        func byte(_ offset: Int) -> UInt8 { file.load(UInt8.self, at: offset) ?? 0 }
        func half(_ offset: Int) -> UInt16 { file.load(UInt16.self, at: offset) ?? 0 }
        func double(_ offset: Int) -> UInt64 { file.load(UInt64.self, at: offset) ?? 0 }

        func checkTable(_ part: LoaderError.Part, at offset: UInt64, bytes: UInt64) throws(LoaderError.Reason) {
            let (end, isWrapping) = offset.addingReportingOverflow(bytes)
            guard !isWrapping, end <= UInt64(file.count) else {
                throw .format(.truncated(part, end: isWrapping ? .max : end, fileSize: UInt64(file.count)))
            }
        }
    }
}
