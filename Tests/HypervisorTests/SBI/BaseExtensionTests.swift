import Hypervisor
import Testing

@Suite struct BaseExtensionTests {
    @Test(arguments: [(0, 0x0300_0000), (1, 0x7276_6876), (4, 0x10), (5, 0x20), (6, 0x30)] as [(UInt64, UInt64)])
    func values(_ function: UInt64, _ value: UInt64) {
        let environment = RecordingEnvironment()
        environment.machineIdentity = SBIMachineIdentity(vendor: 0x10, architecture: 0x20, implementation: 0x30)
        #expect(environment.call(EID.base, function) == .success(value))
    }

    @Test func implementationVersionSucceeds() {
        guard case .reply(let result) = RecordingEnvironment().call(EID.base, 2) else {
            Issue.record("no reply")
            return
        }
        #expect(result.error == nil)
    }

    @Test(arguments: EID.implemented)
    func probe(_ extensionID: UInt64) {
        #expect(RecordingEnvironment().call(EID.base, 3, extensionID) == .success(1))
    }
}
