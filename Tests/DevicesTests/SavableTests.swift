import TestSupport
import Testing

@testable import Devices
@testable import Platform

/// Whatever can be saved: driven into an odd state, saved, restored into a fresh one, and compared.
@Suite struct SavableTests {
    private static func save(_ object: any Savable) -> [UInt8] {
        var writer = StateWriter()
        writer.section("saved", object)
        return writer.finish()
    }

    private static func restore(_ archive: [UInt8], into rig: SavableRig) -> StateError? {
        do throws(StateError) {
            var reader = try StateReader(archive)
            try reader.section("saved", into: rig.object)
            try reader.finish()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: SavableRig.Kind.allCases)
    func restoredBehavesEqually(_ kind: SavableRig.Kind) throws {
        let original = kind.make()
        try original.drive()
        let archive = Self.save(original.object)
        let copy = kind.make()
        #expect(Self.restore(archive, into: copy) == nil)
        #expect(Self.save(copy.object) == archive)
        let fresh = kind.make()
        let behaviour = try original.observe()
        #expect(try copy.observe() == behaviour)
        #expect(Self.save(copy.object) == Self.save(original.object), "and goes on equally")
        let freshBehaviour = try fresh.observe()
        #expect((freshBehaviour == behaviour) == kind.isStateless, "the odd state shows")
    }

    /// A device that is already in use takes over a state whole: nothing of its own shines through.
    @Test(arguments: SavableRig.Kind.allCases)
    func nothingOfThePastRemains(_ kind: SavableRig.Kind) throws {
        let used = kind.make()
        try used.drive()
        let fresh = kind.make()
        #expect(Self.restore(Self.save(fresh.object), into: used) == nil)
        #expect(Self.save(used.object) == Self.save(fresh.object))
        #expect(try used.observe() == fresh.observe())
    }

    /// Every byte of the content takes other values, with a checksum that is right: refused in words, or a state like
    /// any other, which saves as it was read and runs.
    @Test(arguments: SavableRig.Kind.allCases)
    func everyByteMayLie(_ kind: SavableRig.Kind) throws {
        let original = kind.make()
        try original.drive()
        let archive = SavedArchive(Self.save(original.object))
        var refusals = 0
        for offset in archive.contentOffsets {
            for value in [0x01, 0x80, 0xff] as [UInt8] {
                let damaged = archive.changing(offset) { $0 ^ value }
                let copy = kind.make()
                if let error = Self.restore(damaged, into: copy) {
                    #expect(error.description.hasPrefix("saved state, section saved"))
                    refusals += 1
                } else {
                    #expect(Self.save(copy.object) == damaged, "byte \(offset)")
                    _ = try copy.observe()
                }
            }
        }
        #expect((refusals > 0) == kind.refusesSomething)
    }

    @Test(arguments: SavableRig.Kind.allCases)
    func contentOfAnotherLength(_ kind: SavableRig.Kind) throws {
        let original = kind.make()
        try original.drive()
        let archive = SavedArchive(Self.save(original.object))
        for section in archive.sections.indices {
            let longer = Self.restore(archive.resizing(section, by: 1), into: kind.make())
            #expect(longer?.problem == .unreadBytes(1))
            for count in 1...max(1, archive.sections[section].content.count)
            where count <= archive.sections[section].content.count {
                let error = Self.restore(archive.resizing(section, by: -count), into: kind.make())
                #expect(error != nil)
            }
        }
    }

    @Test func otherShapes() throws {
        let plic = Self.save(PLIC(contextLines: [.disconnected]))
        let clock = ManualClock()
        let aclint = Self.save(ACLINT(hartCount: 2, clock: clock, harts: RecordingHartSink()))
        let console = VirtioMMIOTransport(
            device: VirtioConsole(sink: RecordingConsoleSink()),
            memory: FlatGuestMemory(),
            interrupt: .disconnected
        )
        let entropy = VirtioMMIOTransport(
            device: VirtioEntropy(source: SeededRandomSource(seed: 1)),
            memory: FlatGuestMemory(),
            interrupt: .disconnected
        )
        for (archive, object, what) in [
            (plic, PLIC(contextLines: [.disconnected, .disconnected]), "the number of contexts is 1 there and 2 here"),
            (plic, PLIC(sourceCount: 31, contextLines: [.disconnected]), "interrupt sources is 95 there and 31 here"),
            (
                aclint, ACLINT(hartCount: 3, clock: clock, harts: RecordingHartSink()),
                "the number of harts is 2 there and 3 here"
            ),
            (Self.save(console), entropy, "the virtio device is 3 there and 4 here"),
        ] as [([UInt8], any Savable & AnyObject, String)] {
            let rig = SavableRig(object: object, drive: {}, observe: { [] })
            let error = Self.restore(archive, into: rig)
            #expect(error?.description.contains(what) == true, "\(error?.description ?? "accepted")")
            #expect(error?.description.hasSuffix("restore it into a machine of the shape that was saved") == true)
        }
    }
}
