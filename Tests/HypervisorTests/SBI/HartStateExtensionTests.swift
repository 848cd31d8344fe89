import Hypervisor
import Platform
import Testing

@Suite struct HartStateExtensionTests {
    private let entry = HartEntry(address: GuestPhysicalAddress(0x8000_1000), opaque: 42)

    @Test func startHandsOverTheEntry() {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 0, 2, 0x8000_1000, 42) == .success())
        #expect(environment.events == [.startHart(2, entry)])
        #expect(environment.hartStates.state(of: 2) == .startPending)
        #expect(environment.call(EID.hartState, 2, 2) == .success(2))
        #expect(environment.hartStates.completeStart(of: 2) == entry)
        #expect(environment.call(EID.hartState, 2, 2) == .success(0))
    }

    @Test(
        arguments: [
            (4, 0x8000_0000, .invalidParameter), (.max, 0x8000_0000, .invalidParameter), (4, 0, .invalidParameter),
            (1 << 32, 0x8000_0000, .invalidParameter),
            (1, 0, .invalidAddress), (1, 0x7FFF_FFFE, .invalidAddress), (1, 0x8002_0000, .invalidAddress),
            (1, 0x8000_0001, .invalidAddress), (1, .max, .invalidAddress), (1, 0x1_8000_0000, .invalidAddress),
            (0, 0x8000_0000, .alreadyAvailable),
        ] as [(UInt64, UInt64, SBIError)]
    )
    func startErrors(_ hartID: UInt64, _ address: UInt64, _ error: SBIError) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 0, hartID, address, 0) == .failure(error))
        #expect(environment.events.isEmpty)
        #expect((0..<4).map(environment.hartStates.state) == [.started, .stopped, .stopped, .stopped])
    }

    @Test func startTwice() {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 0, 1, 0x8000_1000, 42) == .success())
        #expect(environment.call(EID.hartState, 0, 1, 0x8000_2000, 43) == .failure(.alreadyAvailable))
        #expect(environment.hartStates.completeStart(of: 1) == entry)
        #expect(environment.call(EID.hartState, 0, 1, 0x8000_2000, 43) == .failure(.alreadyAvailable))
    }

    @Test func stop() {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 1) == .stopHart)
        #expect(environment.hartStates.state(of: 0) == .stopPending)
        #expect(!environment.hartStates.areAllStopped)
        #expect(environment.call(EID.hartState, 0, 0, 0x8000_1000, 42) == .failure(.failed))
        #expect(environment.call(EID.hartState, 1) == .failure(.failed))
        #expect(environment.hartStates.completeStop(of: 0))
        #expect(environment.hartStates.areAllStopped)
        #expect(environment.call(EID.hartState, 2, 0) == .success(1))
    }

    @Test(arguments: [4, 1 << 32, .max] as [UInt64])
    func statusOfNoHart(_ hartID: UInt64) {
        #expect(RecordingEnvironment().call(EID.hartState, 2, hartID) == .failure(.invalidParameter))
    }

    /// Retentive suspend does not use `resume_addr`; the type is 32 bits wide.
    @Test(arguments: [0, 0x1_0000_0000, 0xFFFF_FFFF_0000_0000] as [UInt64])
    func retentiveSuspend(_ type: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 3, type, 1, 42) == .suspendHart(.retentive))
        #expect(environment.hartStates.state(of: 0) == .suspendPending)
    }

    @Test(arguments: [0x8000_0000, 0xFFFF_FFFF_8000_0000] as [UInt64])
    func nonRetentiveSuspend(_ type: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 3, type, 0x8000_1000, 42) == .suspendHart(.nonRetentive(entry)))
        #expect(environment.hartStates.state(of: 0) == .suspendPending)
        #expect(environment.call(EID.hartState, 3, 0, 0, 0) == .failure(.failed))
    }

    /// Table "HSM Hart Suspend Types": the ends of every range that is not ours.
    @Test(
        arguments: [
            0x1, 0x0FFF_FFFF, 0x1000_0000, 0x7FFF_FFFF, 0x8000_0001, 0x8FFF_FFFF, 0x9000_0000, 0xFFFF_FFFF, .max,
        ] as [UInt64]
    )
    func otherSuspendTypes(_ type: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 3, type, 0x8000_1000, 0) == .failure(.invalidParameter))
        #expect(environment.hartStates.state(of: 0) == .started)
    }

    @Test(arguments: [0, 0x7FFF_FFFE, 0x8000_1001, 0x8002_0000, .max] as [UInt64])
    func invalidResumeAddress(_ address: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.hartState, 3, 0x8000_0000, address, 0) == .failure(.invalidAddress))
        #expect(environment.hartStates.state(of: 0) == .started)
    }
}
