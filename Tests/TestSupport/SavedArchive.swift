/// An archive taken apart, to be compared with another, or put together again with something wrong and checksums that
/// are right.
package struct SavedArchive: Equatable, Sendable {
    package struct Section: Equatable, Sendable {
        package let path: [UInt8]
        package let content: [UInt8]
        /// As it stands in the archive, with its checksum.
        fileprivate let bytes: ArraySlice<UInt8>

        fileprivate init(path: [UInt8], content: [UInt8], bytes: ArraySlice<UInt8>) {
            self.path = path
            self.content = content
            self.bytes = bytes
        }

        fileprivate init(path: [UInt8], content: [UInt8]) {
            var bytes = [UInt8(path.count)]
            bytes += path
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: content.count >> ($0 * 8)) }
            bytes += content
            let sum = SavedArchive.checksum(bytes)
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
            self.init(path: path, content: content, bytes: bytes[...])
        }

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
            let contentEnd = pathEnd + 8 + size
            sections.append(
                Section(
                    path: Array(archive[start + 1..<pathEnd]),
                    content: Array(archive[pathEnd + 8..<contentEnd]),
                    bytes: archive[start..<contentEnd + 4]
                )
            )
            start = contentEnd + 4
        }
        end = Array(archive[start...])
    }

    /// Section and offset in it.
    package var contentOffsets: [(section: Int, offset: Int)] {
        sections.indices.flatMap { section in sections[section].content.indices.map { (section, $0) } }
    }

    package func changing(_ place: (section: Int, offset: Int), _ change: (UInt8) -> UInt8) -> [UInt8] {
        var content = sections[place.section].content
        content[place.offset] = change(content[place.offset])
        return replacing(place.section, content)
    }

    package func resizing(_ section: Int, by count: Int) -> [UInt8] {
        var content = sections[section].content
        content.removeLast(max(0, -count))
        content += [UInt8](repeating: 0, count: max(0, count))
        return replacing(section, content)
    }

    /// The archive with another content of a section.
    package func replacing(_ index: Int, _ content: [UInt8]) -> [UInt8] {
        let other = Section(path: sections[index].path, content: content)
        var bytes = head
        for section in sections.indices { bytes += section == index ? other.bytes : sections[section].bytes }
        bytes += end
        return bytes
    }

    /// Where two archives first differ, in words: section and offset; nil if they do not.
    package func difference(from other: SavedArchive) -> String? {
        for (one, two) in zip(sections, other.sections) where one.content != two.content || one.path != two.path {
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

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
        return ~crc
    }
}
