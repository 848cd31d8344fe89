/// Why a saved state cannot be restored: what is wrong, where, and what to do.
package struct StateError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Problem: Equatable, Sendable {
        /// Does not begin as an archive does.
        case notAnArchive
        case unsupportedVersion(UInt32)
        /// Ends before it says that it does.
        case truncated
        case trailingBytes(Int)
        case wrongChecksum
        /// A path that no writer makes.
        case malformedPath
        case duplicateSection
        case wrongSectionCount(UInt32, found: Int)
        case missingSection
        /// A section that nothing of this machine asked for.
        case unknownSection
        /// The content goes on after all that was expected.
        case unreadBytes(Int)
        /// The content ends before all that was expected.
        case contentTooShort
        case countAboveLimit(UInt64, limit: Int)
        /// A value that the saved object can never have had; says which and why.
        case invalidValue(String)
        /// A value that fits another machine than this one; says which.
        case otherMachine(String)
        /// The host refused what the state needs; says what.
        case host(String)
    }

    package let problem: Problem
    /// The path of the section; empty for the archive itself.
    package let section: String

    package init(_ problem: Problem, section: String) {
        self.problem = problem
        self.section = section
    }

    package var description: String {
        let place = section.isEmpty ? "saved state" : "saved state, section \(section)"
        return "\(place): \(what); \(remedy)"
    }

    private var what: String {
        switch problem {
        case .notAnArchive: "this is no saved state of rvhv"
        case .unsupportedVersion(let version):
            "its format has version \(version), and this rvhv reads version \(StateFormat.version)"
        case .truncated: "it ends in the middle"
        case .trailingBytes(let count): "\(count) bytes follow after its end"
        case .wrongChecksum: "the checksum is wrong"
        case .malformedPath: "the name of a section is no name"
        case .duplicateSection: "the section is there twice"
        case .wrongSectionCount(let count, let found): "it should have \(count) sections and has \(found)"
        case .missingSection: "the section is missing"
        case .unknownSection: "nothing in this machine has such a section"
        case .unreadBytes(let count): "the section is \(count) bytes longer than this machine expects"
        case .contentTooShort: "the section is shorter than this machine expects"
        case .countAboveLimit(let count, let limit): "it counts \(count) where at most \(limit) are possible"
        case .invalidValue(let words), .otherMachine(let words), .host(let words): words
        }
    }

    private var remedy: String {
        switch problem {
        case .notAnArchive: "give a file that rvhv saved"
        case .unsupportedVersion: "restore it with the rvhv that saved it"
        case .truncated, .trailingBytes, .wrongChecksum, .malformedPath, .duplicateSection, .wrongSectionCount,
            .countAboveLimit, .invalidValue:
            "it is damaged: take another copy, or save again"
        case .missingSection, .unknownSection, .unreadBytes, .contentTooShort, .otherMachine:
            "restore it into a machine of the shape that was saved"
        case .host: "give the host more, or restore it elsewhere"
        }
    }
}
