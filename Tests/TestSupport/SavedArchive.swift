/// An archive taken apart, to be compared with another, or put together again with something wrong and checksums that
/// are right.
package struct SavedArchive: Equatable, Sendable {
    package struct Section: Equatable, Sendable {
        package let path: [UInt8]
        package internal(set) var content: [UInt8]

        package var name: String { String(decoding: path, as: UTF8.self) }
    }

    private let head: [UInt8]
    private let end: [UInt8]
    package private(set) var sections: [Section] = []

    /// - Parameter archive: one that was written as it should be.
    package init(_ archive: [UInt8]) {
        head = Array(archive[..<12])
        var start = 12
        while archive[start] > 0 {
            let pathEnd = start + 1 + Int(archive[start])
            let size = archive[pathEnd..<pathEnd + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            let content = archive[pathEnd + 8..<pathEnd + 8 + size]
            sections.append(Section(path: Array(archive[start + 1..<pathEnd]), content: Array(content)))
            start = pathEnd + 8 + size + 4
        }
        end = Array(archive[start...])
    }

    /// Section and offset in it.
    package var contentOffsets: [(section: Int, offset: Int)] {
        sections.indices.flatMap { section in sections[section].content.indices.map { (section, $0) } }
    }

    package func changing(_ place: (section: Int, offset: Int), _ change: (UInt8) -> UInt8) -> [UInt8] {
        var copy = self
        copy.sections[place.section].content[place.offset] = change(sections[place.section].content[place.offset])
        return copy.bytes
    }

    package func resizing(_ section: Int, by count: Int) -> [UInt8] {
        var copy = self
        if count < 0 {
            copy.sections[section].content.removeLast(-count)
        } else {
            copy.sections[section].content += [UInt8](repeating: 0, count: count)
        }
        return copy.bytes
    }

    package func replacing(_ section: Int, _ content: [UInt8]) -> [UInt8] {
        var copy = self
        copy.sections[section].content = content
        return copy.bytes
    }

    /// The archive again.
    package var bytes: [UInt8] {
        var bytes = head
        for section in sections {
            let start = bytes.count
            bytes.append(UInt8(section.path.count))
            bytes += section.path
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: section.content.count >> ($0 * 8)) }
            bytes += section.content
            let sum = Self.checksum(bytes[start...])
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
        }
        return bytes + end
    }

    /// Where two archives first differ, in words: section and offset; nil if they do not.
    package func difference(from other: SavedArchive) -> String? {
        for (one, two) in zip(sections, other.sections) where one != two {
            guard one.path == two.path else { return "section \(one.name) is \(two.name) there" }
            let offset = zip(one.content, two.content).enumerated().first { $1.0 != $1.1 }?.offset
            let sizes = "\(one.content.count) and \(two.content.count) bytes"
            guard let offset else { return "section \(one.name) has \(sizes)" }
            let values = [one, two].map { $0.content[offset..<min(offset + 8, $0.content.count)].map { $0 } }
            return "section \(one.name) of \(sizes) differs at offset \(offset): \(values[0]) and \(values[1])"
        }
        return self == other ? nil : "\(sections.count) and \(other.sections.count) sections"
    }

    /// CRC-32C by the definition of its polynomial, a byte at a time.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
