/// Writes an archive of named sections. See `StateFormat` for the bytes.
///
/// A section is complete in memory before it joins the archive, so that its length and checksum are known.
package struct StateWriter: Sendable {
    private var archive: [UInt8]
    private var sectionCount: UInt32 = 0
    private var paths: Set<String> = []
    private var path = ""
    /// The content so far of the section that is open.
    private var content: [UInt8] = []

    package init() {
        archive = StateFormat.magic
        archive.append(littleEndian: StateFormat.version)
    }

    /// Writes a section inside the one that is open. Its name is unique there: letters, digits and hyphens.
    package mutating func section(_ name: String, _ body: (inout StateWriter) -> Void) {
        let outer = (path: path, content: content)
        path = outer.path.isEmpty ? name : "\(outer.path)/\(name)"
        content = []
        precondition(StateFormat.isWellFormed(path: path.utf8), "no name for a section: \(path)")
        precondition(path.utf8.count <= StateFormat.pathLimit, "too long a name for a section: \(path)")
        precondition(paths.insert(path).inserted, "a section is written once: \(path)")
        body(&self)
        close()
        path = outer.path
        content = outer.content
    }

    /// Writes a section that holds the state of one object.
    package mutating func section<Object: Savable & ~Copyable>(_ name: String, _ object: borrowing Object) {
        section(name) { object.save(to: &$0) }
    }

    /// The complete archive.
    package consuming func finish() -> [UInt8] {
        precondition(path.isEmpty && content.isEmpty, "all state is in sections")
        content.append(littleEndian: sectionCount)
        close()
        return archive
    }

    private mutating func close() {
        let start = archive.count
        archive.append(UInt8(path.utf8.count))
        archive.append(contentsOf: path.utf8)
        archive.append(littleEndian: UInt64(content.count))
        archive.append(contentsOf: content)
        archive.append(littleEndian: Checksum.of(archive, from: start))
        sectionCount += 1
    }

    // MARK: - Content

    package mutating func write(_ value: some FixedWidthInteger) { content.append(littleEndian: value) }

    package mutating func write(_ value: Bool) { content.append(value ? 1 : 0) }

    /// The raw value of an enumeration or an option set.
    package mutating func write<Value: RawRepresentable>(_ value: Value) where Value.RawValue: FixedWidthInteger {
        write(value.rawValue)
    }

    package mutating func write(_ value: (some FixedWidthInteger)?) {
        write(value != nil)
        if let value { write(value) }
    }

    /// A count and the elements.
    package mutating func write(_ values: some Collection<some FixedWidthInteger>) {
        write(UInt64(values.count))
        for value in values { write(value) }
    }

    /// A count and the bytes.
    package mutating func write(_ bytes: [UInt8]) {
        write(UInt64(bytes.count))
        content += bytes
    }

    /// A count and the text's UTF-8.
    package mutating func write(_ text: String) { write(Array(text.utf8)) }

    /// Bytes of a number that the reader knows.
    mutating func append(_ bytes: UnsafeRawBufferPointer) { content.append(contentsOf: bytes) }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        var rest = value
        for _ in 0..<value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
