import Hypervisor
import Platform
import Testing

@Suite struct SystemSuspendTests {
    private let entry = HartEntry(address: GuestPhysicalAddress(0x8000_1000), opaque: 42)

    /// The type is 32 bits wide.
    @Test(arguments: [0, 1 << 32, 0xFFFF_FFFF_0000_0000] as [UInt64])
    func suspendToRAM(_ type: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.systemSuspend, 0, type, 0x8000_1000, 42) == .suspendHart(.nonRetentive(entry)))
        #expect(environment.hartStates.state(of: 0) == .suspendPending)
    }

    /// Table "SUSP System Sleep Types": the ends of both other ranges.
    @Test(arguments: [1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, .max] as [UInt64])
    func otherTypes(_ type: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.systemSuspend, 0, type, 0x8000_1000, 42) == .failure(.invalidParameter))
        #expect(environment.hartStates.state(of: 0) == .started)
    }

    @Test(arguments: [0, 0x7FFF_FFFE, 0x8000_1001, 0x8002_0000, .max] as [UInt64])
    func invalidResumeAddress(_ address: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.systemSuspend, 0, 0, address, 0) == .failure(.invalidAddress))
        #expect(environment.hartStates.state(of: 0) == .started)
    }

    /// "Unsatisfied entry criteria": a hart that runs, or is about to.
    @Test func otherHartsMustBeStopped() {
        let environment = RecordingEnvironment()
        func suspend() -> SBIOutcome { environment.call(EID.systemSuspend, 0, 0, 0x8000_1000, 42) }
        #expect(environment.call(EID.hartState, 0, 3, 0x8000_1000, 0) == .success())
        #expect(suspend() == .failure(.denied))
        #expect(environment.hartStates.completeStart(of: 3) != nil)
        #expect(suspend() == .failure(.denied))
        #expect(environment.hartStates.requestStop(of: 3))
        #expect(suspend() == .failure(.denied))
        #expect(environment.hartStates.completeStop(of: 3))
        #expect(suspend() == .suspendHart(.nonRetentive(entry)))
    }
}
