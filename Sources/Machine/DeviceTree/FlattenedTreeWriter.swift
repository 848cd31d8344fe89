import CFdt

/// libfdt's sequential writer over a buffer of its own, with every return code checked.
struct FlattenedTreeWriter: ~Copyable {
    /// libfdt's answers that the caller tells apart.
    enum Failure: Error {
        case noSpace
        case refused(operation: String, message: String)
    }

    private let buffer: UnsafeMutableRawBufferPointer

    init(capacity: Int) throws(Failure) {
        buffer = .allocate(byteCount: capacity, alignment: 8)
        try check("fdt_create", fdt_create(buffer.baseAddress, Int32(capacity)))
        try check("fdt_finish_reservemap", fdt_finish_reservemap(buffer.baseAddress))
    }

    deinit { buffer.deallocate() }

    /// Writes a node and, by `body`, what is in it.
    func node(_ name: String, _ body: () throws(Failure) -> Void) throws(Failure) {
        try check("begin node \(name)", fdt_begin_node(buffer.baseAddress, name))
        try body()
        try check("end node \(name)", fdt_end_node(buffer.baseAddress))
    }

    /// A property of raw bytes.
    func property(_ name: String, bytes: [UInt8]) throws(Failure) {
        try check("property \(name)", fdt_property(buffer.baseAddress, name, bytes, Int32(bytes.count)))
    }

    /// A property without a value, true by being there.
    func property(_ name: String) throws(Failure) { try property(name, bytes: []) }

    func property(_ name: String, _ cells: UInt32...) throws(Failure) { try property(name, cells: cells) }

    func property(_ name: String, cells: [UInt32]) throws(Failure) {
        try property(name, bytes: cells.flatMap(Self.bigEndian))
    }

    /// 64-bit numbers: two cells each.
    func property(_ name: String, doubles: UInt64...) throws(Failure) {
        try property(name, bytes: doubles.flatMap(Self.bigEndian))
    }

    func property(_ name: String, _ strings: String...) throws(Failure) { try property(name, strings: strings) }

    func property(_ name: String, strings: [String]) throws(Failure) {
        try property(name, bytes: strings.flatMap { Array($0.utf8) + [0] })
    }

    /// Completes the tree.
    consuming func finish() throws(Failure) -> [UInt8] {
        try check("fdt_finish", fdt_finish(buffer.baseAddress))
        // The header's second word: the size of the finished tree.
        let size = (4..<8).reduce(0) { $0 << 8 | Int(buffer[$1]) }
        return Array(buffer.prefix(size))
    }

    private func check(_ operation: String, _ result: Int32) throws(Failure) {
        guard result < 0 else { return }
        if result == -FDT_ERR_NOSPACE { throw .noSpace }
        throw .refused(operation: operation, message: String(cString: fdt_strerror(result)))
    }

    private static func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
