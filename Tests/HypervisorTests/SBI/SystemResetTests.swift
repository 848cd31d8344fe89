import Hypervisor
import Testing

@Suite struct SystemResetTests {
    @Test(arguments: SBIReset.Kind.allCases, SBIReset.Reason.allCases)
    func reset(_ kind: SBIReset.Kind, _ reason: SBIReset.Reason) {
        let expected = SBIOutcome.resetMachine(SBIReset(kind: kind, reason: reason))
        let (type, code) = (UInt64(kind.rawValue), UInt64(reason.rawValue))
        #expect(RecordingEnvironment().call(EID.systemReset, 0, type, code) == expected)
        // Both are 32 bits wide.
        #expect(RecordingEnvironment().call(EID.systemReset, 0, type | 1 << 32, code | 1 << 63) == expected)
    }

    @Test func numbers() {
        #expect(
            RecordingEnvironment().call(EID.systemReset, 0, 0, 0)
                == .resetMachine(.init(kind: .shutdown, reason: .none))
        )
        #expect(
            RecordingEnvironment().call(EID.systemReset, 0, 1, 1)
                == .resetMachine(.init(kind: .coldReboot, reason: .systemFailure))
        )
        #expect(
            RecordingEnvironment().call(EID.systemReset, 0, 2, 0)
                == .resetMachine(.init(kind: .warmReboot, reason: .none))
        )
    }

    /// The ends of the ranges of both tables that are reserved, the implementation's, or a vendor's.
    @Test(
        arguments: [
            (3, 0), (0xEFFF_FFFF, 0), (0xF000_0000, 0), (0xFFFF_FFFF, 0), (.max, 0),
            (0, 2), (0, 0xDFFF_FFFF), (0, 0xE000_0000), (0, 0xEFFF_FFFF), (0, 0xF000_0000), (0, 0xFFFF_FFFF), (1, .max),
        ] as [(UInt64, UInt64)]
    )
    func invalid(_ type: UInt64, _ reason: UInt64) {
        #expect(RecordingEnvironment().call(EID.systemReset, 0, type, reason) == .failure(.invalidParameter))
    }
}
