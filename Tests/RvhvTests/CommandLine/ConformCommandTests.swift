import Testing

@testable import rvhv

@Suite struct ConformCommandTests {
    @Test func referenceIsAFolder() throws {
        try ConformCommand.requireFolder("/", for: "--reference")
        for (path, code) in [("/nowhere", Int32(2)), ("/dev/null", 20)] {
            #expect(throws: HostFailure.cannotOpen(path: path, purpose: "--reference", code: code)) {
                try ConformCommand.requireFolder(path, for: "--reference")
            }
        }
    }
}
