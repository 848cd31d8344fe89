/// Reads an archive that `StateWriter` wrote. Its bytes may claim anything: what is wrong becomes a `StateError`, and no
/// count in it makes the reader allocate more than the archive itself holds.
package struct StateReader: Sendable {
    private struct Section {
        var content: Range<Int>
        var isRead = false
    }

    private let archive: [UInt8]
    private var sections: [String: Section] = [:]
    /// Path of the open section, and what of its content has not been read.
    private var path = ""
    private var rest = 0..<0

    /// Checks the archive as a whole: form, checksums, section names.
    package init(_ archive: [UInt8]) throws(StateError) {
        self.archive = archive
        rest = 0..<archive.count
        let magic = archive.prefix(StateFormat.magic.count)
        guard !magic.isEmpty, StateFormat.magic.starts(with: magic) else { throw error(.notAnArchive) }
        guard magic.count == StateFormat.magic.count else { throw error(.truncated) }
        rest.removeFirst(StateFormat.magic.count)
        let version = try header(UInt32.self)
        guard version == StateFormat.version else { throw error(.unsupportedVersion(version)) }
        while try readHeader() {}
        guard rest.isEmpty else { throw error(.trailingBytes(rest.count)) }
    }

    /// Enters one section into the table; false at the last.
    private mutating func readHeader() throws(StateError) -> Bool {
        let start = rest.lowerBound
        let pathBytes = try take(Int(header(UInt8.self)), orElse: .truncated)
        let path = String(decoding: archive[pathBytes], as: UTF8.self)
        guard pathBytes.isEmpty || StateFormat.isWellFormed(path: archive[pathBytes]) else {
            throw error(.malformedPath)
        }
        let count = try header(UInt64.self)
        guard count <= UInt64(rest.count) else { throw StateError(.truncated, section: path) }
        let content = try take(Int(count), orElse: .truncated)
        let end = rest.lowerBound
        guard try header(UInt32.self) == Checksum.of(archive, from: start, to: end) else {
            throw StateError(.wrongChecksum, section: path)
        }
        guard !pathBytes.isEmpty else {
            try checkEnd(content)
            return false
        }
        guard sections.updateValue(Section(content: content), forKey: path) == nil else {
            throw StateError(.duplicateSection, section: path)
        }
        return true
    }

    private func checkEnd(_ content: Range<Int>) throws(StateError) {
        guard content.count == 4 else { throw error(.truncated) }
        let count = archive[content].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        guard count == UInt32(clamping: sections.count) else {
            throw error(.wrongSectionCount(count, found: sections.count))
        }
    }

    private mutating func header<Value: FixedWidthInteger>(_ type: Value.Type) throws(StateError) -> Value {
        integer(try take(type.bitWidth / 8, orElse: .truncated))
    }

    // MARK: - Sections

    /// Reads a section inside the one that is open, to its last byte.
    package mutating func section<Result>(
        _ name: String,
        _ body: (inout StateReader) throws(StateError) -> Result
    ) throws(StateError) -> Result {
        let outer = (path: path, rest: rest)
        path = outer.path.isEmpty ? name : "\(outer.path)/\(name)"
        guard let section = sections[path], !section.isRead else { throw error(.missingSection) }
        sections[path]?.isRead = true
        rest = section.content
        let result = try body(&self)
        guard rest.isEmpty else { throw error(.unreadBytes(rest.count)) }
        path = outer.path
        rest = outer.rest
        return result
    }

    /// Restores an object from the section that holds its state.
    package mutating func section<Object: Savable & ~Copyable>(
        _ name: String,
        into object: inout Object
    ) throws(StateError) {
        try section(name) { reader throws(StateError) in try object.restore(from: &reader) }
    }

    /// Restores a shared object from the section that holds its state.
    package mutating func section(_ name: String, into object: some Savable & AnyObject) throws(StateError) {
        // A reference is a value to the protocol.
        var object = object
        try section(name) { reader throws(StateError) in try object.restore(from: &reader) }
    }

    /// To be called when all is restored.
    ///
    /// - Throws: `StateError` if there is a section that nobody read.
    package func finish() throws(StateError) {
        guard let unknown = sections.filter({ !$0.value.isRead }).keys.min() else { return }
        throw StateError(.unknownSection, section: unknown)
    }

    /// An error in the section that is open.
    package func error(_ problem: StateError.Problem) -> StateError { StateError(problem, section: path) }

    /// Refuses a value that the saved object can never have had.
    package func require(_ isValid: Bool, _ words: @autoclosure () -> String) throws(StateError) {
        guard isValid else { throw error(.invalidValue(words())) }
    }

    /// Refuses a state of a machine of another shape.
    package func requireSame<Value: Equatable>(
        _ what: String,
        saved: Value,
        here: Value
    ) throws(StateError) {
        guard saved == here else { throw error(.otherMachine("\(what) is \(saved) there and \(here) here")) }
    }

    // MARK: - Content

    package mutating func read<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(StateError) -> Value {
        integer(try take(type.bitWidth / 8, orElse: .contentTooShort))
    }

    package mutating func read(_ type: Bool.Type = Bool.self) throws(StateError) -> Bool {
        let byte = try read(UInt8.self)
        guard byte <= 1 else { throw error(.invalidValue("a flag is \(byte)")) }
        return byte == 1
    }

    /// An enumeration or an option set; a raw value that it has not is refused.
    package mutating func read<Value: RawRepresentable>(
        _ type: Value.Type = Value.self
    ) throws(StateError) -> Value where Value.RawValue: FixedWidthInteger {
        let raw = try read(Value.RawValue.self)
        guard let value = Value(rawValue: raw) else { throw error(.invalidValue("there is no \(type) \(raw)")) }
        return value
    }

    package mutating func read<Value: FixedWidthInteger>(
        _ type: Value?.Type = Value?.self
    ) throws(StateError) -> Value? {
        try read(Bool.self) ? try read(Value.self) : nil
    }

    /// A count of elements that follow, each of `bytes` bytes or more.
    package mutating func readCount(limit: Int, bytes: Int = 1) throws(StateError) -> Int {
        let count = try read(UInt64.self)
        guard count <= UInt64(limit) else { throw error(.countAboveLimit(count, limit: limit)) }
        guard count <= UInt64(rest.count / bytes) else { throw error(.contentTooShort) }
        return Int(count)
    }

    package mutating func read<Value: FixedWidthInteger>(
        _ type: [Value].Type = [Value].self,
        limit: Int
    ) throws(StateError) -> [Value] {
        let count = try readCount(limit: limit, bytes: Value.bitWidth / 8)
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read()) }
        return values
    }

    package mutating func read(_ type: [UInt8].Type = [UInt8].self, limit: Int) throws(StateError) -> [UInt8] {
        let count = try readCount(limit: limit)
        return Array(archive[try take(count, orElse: .contentTooShort)])
    }

    package mutating func read(_ type: String.Type, limit: Int) throws(StateError) -> String {
        String(decoding: try read(limit: limit), as: UTF8.self)
    }

    /// Hands out the next `count` bytes.
    mutating func withBytes(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(StateError) {
        let range = try take(count, orElse: .contentTooShort)
        archive.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    private mutating func take(_ count: Int, orElse problem: StateError.Problem) throws(StateError) -> Range<Int> {
        guard count <= rest.count else { throw error(problem) }
        defer { rest.removeFirst(count) }
        return rest.prefix(count)
    }

    private func integer<Value: FixedWidthInteger>(_ range: Range<Int>) -> Value {
        archive[range].reversed().reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }
}
