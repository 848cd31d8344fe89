/// Something with a state of its own that a saved machine needs: the one way to save and to restore.
///
/// Restoring is in place, into an object made and wired as the saved one was: wires, sinks, clocks and memory are its
/// maker's affair and never saved. What `save` writes, `restore` reads, in the same order; everything derived is made
/// anew, and the wires are driven to the levels that the new state asks for.
///
/// Both run while nothing else runs on the object: a machine that is paused, or has not been started.
package protocol Savable: ~Copyable {
    /// Writes all that the future of this object depends on, and nothing of the host: no address, no thread, no wire.
    borrowing func save(to writer: inout StateWriter)

    /// Takes over what `save` wrote.
    ///
    /// The input may claim anything. An object that threw is safe to let go of, but not to run: it may hold a part of
    /// either state.
    ///
    /// - Throws: `StateError` when the input is no state that an object of this shape can be in.
    mutating func restore(from reader: inout StateReader) throws(StateError)
}

/// The archive: magic, version, sections, a last section with an empty path that says how many there are.
///
/// Each section is the length of its path (1 byte), the path, the length of its content (8 bytes), the content and the
/// CRC-32C of all these. A path is names joined by "/". All integers are little-endian.
enum StateFormat {
    static let magic = Array("rvhv\u{1a}\r\n\0".utf8)
    /// Of the container and of every section in it: an archive is read by the version that wrote it.
    static let version: UInt32 = 1
    static let pathLimit = Int(UInt8.max)

    /// Whether a path consists of names of lower-case letters, digits and hyphens.
    static func isWellFormed(path: some Collection<UInt8>) -> Bool {
        var isInName = false
        for byte in path {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                isInName = true
            case UInt8(ascii: "/"):
                guard isInName else { return false }
                isInName = false
            // Bytes of a file: no other stands in a path.
            default: return false
            }
        }
        return isInName
    }
}
