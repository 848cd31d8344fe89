import Platform

/// Something of every kind that an archive can hold.
struct SavedSample: Savable, Equatable {
    enum Kind: UInt8 { case odd = 1, even }

    struct Flags: OptionSet {
        var rawValue: UInt16
    }

    var small: Int8 = -3
    var large: UInt64 = 0x0123_4567_89ab_cdef
    var isSet = true
    var kind = Kind.even
    var flags = Flags(rawValue: 0x8001)
    var present: UInt32? = 77
    var absent: UInt32?
    var bytes: [UInt8] = Array("console input".utf8)
    var words: [UInt32] = [1, .max, 3]
    var inner = Inner()

    struct Inner: Savable, Equatable {
        var value: UInt16 = 0xbeef

        func save(to writer: inout StateWriter) { writer.write(value) }
        mutating func restore(from reader: inout StateReader) throws(StateError) { value = try reader.read() }
    }

    static let blank = SavedSample(
        small: 0,
        large: 0,
        isSet: false,
        kind: .odd,
        flags: [],
        present: nil,
        absent: nil,
        bytes: [],
        words: [],
        inner: Inner(value: 0)
    )

    func save(to writer: inout StateWriter) {
        writer.write(small)
        writer.write(large)
        writer.write(isSet)
        writer.section("inner", inner)
        writer.write(kind)
        writer.write(flags)
        writer.write(present)
        writer.write(absent)
        writer.write(bytes)
        writer.write(words)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        small = try reader.read()
        large = try reader.read()
        isSet = try reader.read()
        try reader.section("inner", into: &inner)
        kind = try reader.read()
        flags = try reader.read()
        present = try reader.read()
        absent = try reader.read()
        bytes = try reader.read(limit: 64)
        words = try reader.read(limit: 8)
    }

    /// Two of them, in nested sections.
    static func archive(_ first: SavedSample, _ second: SavedSample) -> [UInt8] {
        var writer = StateWriter()
        writer.section("machine") { writer in
            writer.section("first", first)
            writer.section("second", second)
            writer.write(2 as UInt8)
        }
        return writer.finish()
    }

    static func read(_ archive: [UInt8]) throws(StateError) -> [SavedSample] {
        var reader = try StateReader(archive)
        var samples = [blank, blank]
        try reader.section("machine") { reader throws(StateError) in
            try reader.section("second", into: &samples[1])
            try reader.section("first", into: &samples[0])
            try reader.requireSame("the number of samples", saved: reader.read(UInt8.self), here: 2)
        }
        try reader.finish()
        return samples
    }
}

/// What `action` fails with; nil if it does not.
func stateError(_ action: () throws(StateError) -> Void) -> StateError? {
    do throws(StateError) {
        try action()
        return nil
    } catch {
        return error
    }
}
