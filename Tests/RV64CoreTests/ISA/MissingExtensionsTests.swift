import Testing

@testable import RV64Core

/// What a report says that an illegal instruction lacks.
@Suite struct MissingExtensionsTests {
    private static let plain: ExtensionSet = [.i, .zicsr]

    @Test(
        arguments: [
            (0x4501, [.c]),  // c.li a0, 0
            (0x02B5_0533, [.zmmul]),  // mul a0, a0, a1
            (0x20B5_2533, [.zba]),  // sh1add a0, a0, a1
            (0xC010_26F3, [.zicntr]),  // rdtime a3
            (0x0150_1573, [.zkr]),  // csrrw a0, seed, zero
            (0x14D0_2573, [.sstc]),  // csrr a0, stimecmp
            (0x1000_252F, [.zalrsc]),  // lr.w a0, (zero)
        ] as [(UInt32, ExtensionSet)]
    )
    func named(raw: UInt32, expected: ExtensionSet) {
        #expect(Self.plain.missing(for: raw) == expected)
        #expect(ISAConfiguration.implemented.missing(for: raw) == [])
    }

    /// Nothing to add makes these legal.
    @Test(arguments: [0xFFFF_FFFF, 0x0000_0013, 0x3400_2573, 0x8000_2573] as [UInt32])
    func nothing(raw: UInt32) { #expect(Self.plain.missing(for: raw) == []) }
}
