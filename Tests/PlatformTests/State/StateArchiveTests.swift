import Testing

@testable import Platform

@Suite struct StateArchiveTests {
    private static let samples: [SavedSample] = {
        var other = SavedSample()
        other.bytes = []
        other.present = nil
        other.inner.value = 1
        return [SavedSample(), other]
    }()

    private static let archive = SavedSample.archive(samples[0], samples[1])

    @Test func whatIsSavedComesBack() throws {
        #expect(try SavedSample.read(Self.archive) == Self.samples)
    }

    @Test func emptyArchive() throws {
        let reader = try StateReader(StateWriter().finish())
        try reader.finish()
    }

    /// A value that cannot be copied is saved like any other.
    @Test func noncopyableValue() throws {
        struct Unique: ~Copyable, Savable {
            var value: UInt64
            borrowing func save(to writer: inout StateWriter) { writer.write(value) }
            mutating func restore(from reader: inout StateReader) throws(StateError) { value = try reader.read() }
        }
        var writer = StateWriter()
        writer.section("unique", Unique(value: 5))
        var reader = try StateReader(writer.finish())
        var copy = Unique(value: 0)
        try reader.section("unique", into: &copy)
        #expect(copy.value == 5)
    }

    @Test func everyTruncationIsRefused() {
        for count in 0..<Self.archive.count {
            let error = stateError { () throws(StateError) in _ = try SavedSample.read(Array(Self.archive[..<count])) }
            #expect(error != nil, "\(count) bytes")
        }
    }

    @Test func everyFlippedBitIsRefused() throws {
        for bit in 0..<Self.archive.count * 8 {
            var damaged = Self.archive
            damaged[bit / 8] ^= 1 << (bit % 8)
            let error = stateError { () throws(StateError) in _ = try SavedSample.read(damaged) }
            #expect(error?.description.contains("; ") == true, "bit \(bit)")
        }
    }

    @Test func trailingBytes() {
        #expect(archiveError(Self.archive + [0]) == StateError(.trailingBytes(1), section: ""))
    }

    @Test func somethingElse() {
        #expect(archiveError(Array("\u{7f}ELF and more".utf8)) == StateError(.notAnArchive, section: ""))
        #expect(archiveError([]) == StateError(.notAnArchive, section: ""))
    }

    @Test func anotherVersion() {
        var archive = Self.archive
        archive[8] = 9
        let error = archiveError(archive)
        #expect(error == StateError(.unsupportedVersion(9), section: ""))
        #expect(
            error?.description
                == "saved state: its format has version 9, and this rvhv reads version 1; "
                + "restore it with the rvhv that saved it"
        )
    }

    private func archiveError(_ archive: [UInt8]) -> StateError? {
        stateError { () throws(StateError) in _ = try StateReader(archive) }
    }

    // MARK: - Well-formed archives with the wrong content

    /// The checksum is right, the section is there twice: made from two archives.
    @Test func duplicateSection() throws {
        var writer = StateWriter()
        writer.section("a") { $0.write(1 as UInt8) }
        let once = writer.finish()
        let section = once[12..<once.count - 17]
        let twice = Array(once[..<12]) + section + section + Array(once[(once.count - 17)...])
        #expect(archiveError(twice) == StateError(.duplicateSection, section: "a"))
    }

    /// A section cut out whole leaves every checksum right.
    @Test func lostSection() throws {
        var writer = StateWriter()
        writer.section("a") { $0.write(1 as UInt8) }
        let archive = writer.finish()
        let without = Array(archive[..<12]) + Array(archive[(archive.count - 17)...])
        #expect(archiveError(without) == StateError(.wrongSectionCount(1, found: 0), section: ""))
    }

    @Test func malformedPath() throws {
        let path = Array("A b".utf8)
        var section = [UInt8(path.count)] + path + [UInt8](repeating: 0, count: 8)
        let sum = Checksum.of(section)
        section += (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
        let empty = StateWriter().finish()
        let archive = Array(empty[..<12]) + section + Array(empty[12...])
        #expect(archiveError(archive) == StateError(.malformedPath, section: ""))
    }

    @Test func hugeLengthIsTruncation() throws {
        let empty = StateWriter().finish()
        let archive = Array(empty[..<12]) + [1, UInt8(ascii: "a")] + [UInt8](repeating: 0xff, count: 8)
        #expect(archiveError(archive) == StateError(.truncated, section: "a"))
    }

    /// An archive with one section `a/b`, written by `write` and read by `read`.
    private func contentError(
        _ write: (inout StateWriter) -> Void,
        _ read: (inout StateReader) throws(StateError) -> Void
    ) -> StateError? {
        var writer = StateWriter()
        writer.section("a") { $0.section("b", write) }
        let archive = writer.finish()
        return stateError { () throws(StateError) in
            var reader = try StateReader(archive)
            try reader.section("a") { reader throws(StateError) in try reader.section("b", read) }
            try reader.finish()
        }
    }

    @Test func wrongContent() {
        #expect(
            contentError({ $0.write(1 as UInt16) }) { reader throws(StateError) in _ = try reader.read(UInt32.self) }
                == StateError(.contentTooShort, section: "a/b")
        )
        #expect(
            contentError({ $0.write(1 as UInt64) }) { reader throws(StateError) in _ = try reader.read(UInt32.self) }
                == StateError(.unreadBytes(4), section: "a/b")
        )
        #expect(
            contentError({ $0.write(2 as UInt8) }) { reader throws(StateError) in _ = try reader.read(Bool.self) }
                == StateError(.invalidValue("a flag is 2"), section: "a/b")
        )
        #expect(
            contentError({ $0.write(7 as UInt8) }) { reader throws(StateError) in
                _ = try reader.read(SavedSample.Kind.self)
            } == StateError(.invalidValue("there is no Kind 7"), section: "a/b")
        )
        #expect(
            contentError({ $0.write(7 as UInt8) }) { reader throws(StateError) in
                try reader.requireSame("the number of harts", saved: reader.read(UInt8.self), here: 2)
            }?.description
                == "saved state, section a/b: the number of harts is 7 there and 2 here; "
                + "restore it into a machine of the shape that was saved"
        )
    }

    /// Counts are checked before anything is allocated.
    @Test(arguments: [5, 1 << 32, .max] as [UInt64])
    func absurdCounts(_ count: UInt64) {
        let isWithinLimit = count <= 1 << 40
        #expect(
            contentError({ $0.write(count) }) { reader throws(StateError) in
                _ = try reader.read([UInt64].self, limit: 1 << 40)
            }?.problem == (isWithinLimit ? .contentTooShort : .countAboveLimit(count, limit: 1 << 40))
        )
        #expect(
            contentError({ $0.write(count) }) { reader throws(StateError) in
                _ = try reader.read([UInt8].self, limit: 4)
            }?.problem == .countAboveLimit(count, limit: 4)
        )
    }

    @Test func missingAndUnknownSections() throws {
        #expect(
            contentError({ _ in }) { reader throws(StateError) in try reader.section("c") { _ in } }
                == StateError(.missingSection, section: "a/b/c")
        )
        #expect(
            contentError({ $0.section("c") { _ in } }) { _ in } == StateError(.unknownSection, section: "a/b/c")
        )
        #expect(
            contentError({ $0.section("c") { _ in } }) { reader throws(StateError) in
                try reader.section("c") { _ in }
                try reader.section("c") { _ in }
            } == StateError(.missingSection, section: "a/b/c"),
            "a section is read once"
        )
    }

    @Test func writerRefusesNamesThatReadersWould() async {
        await #expect(processExitsWith: .failure) {
            var writer = StateWriter()
            writer.section("Not a name") { _ in }
        }
        await #expect(processExitsWith: .failure) {
            var writer = StateWriter()
            writer.section("a") { _ in }
            writer.section("a") { _ in }
        }
    }
}

@Suite struct ChecksumTests {
    /// RFC 3720, appendix B.4, "CRC Examples", and the check value of the CRC catalogue.
    @Test func knownValues() {
        #expect(Checksum.of([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(Checksum.of([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(Checksum.of(Array(0..<32)) == 0x46dd_794e)
        #expect(Checksum.of(Array("123456789".utf8)) == 0xe306_9283)
        #expect(Checksum.of([]) == 0)
    }

    @Test func partsOfAnArray() {
        #expect(Checksum.of(Array("xx123456789y".utf8), from: 2, to: 11) == 0xe306_9283)
    }
}
