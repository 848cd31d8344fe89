import TestSupport
import Testing

@testable import Hypervisor

@Suite struct SBIDispatcherTests {
    /// Table "Standard SBI Errors".
    @Test func errorCodes() {
        #expect(SBIError.allCases.map(\.rawValue) == Array((-14)...(-1)).reversed())
        #expect(SBIResult.failure(.notSupported).a0 == 0xFFFF_FFFF_FFFF_FFFE)
        #expect(SBIResult.failure(.notSupported).a1 == 0)
        #expect(SBIResult.success(7).a0 == 0)
        #expect(SBIResult.success(7).a1 == 7)
    }

    @Test(
        arguments: [
            0x09, 0x0F, 0x11, 0x504D55, 0x4350_5043, 0x4E41_434C, 0x535441, 0x535345, 0x4442_5452, 0x4D50_5859,
            0x0800_0000, 0x0900_0000, 0x0A00_0000, 0x8000_0000,
            0xFFFF_FFFF_8000_0000, 0x1_0000_0010, .max,
        ] as [UInt64]
    )
    func unknownExtension(_ extensionID: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(extensionID) == .failure(.notSupported))
        #expect(environment.events.isEmpty)
        #expect(environment.call(EID.base, 3, extensionID) == .success(0))
    }

    @Test(
        arguments: [
            (EID.base, 7), (EID.timer, 1), (EID.ipi, 1), (EID.remoteFence, 7), (EID.hartState, 4), (EID.systemReset, 1),
            (EID.debugConsole, 3), (EID.systemSuspend, 1), (EID.firmwareFeatures, 2),
        ] as [(UInt64, UInt64)]
    )
    func unknownFunction(_ extensionID: UInt64, _ first: UInt64) {
        let environment = RecordingEnvironment()
        for function in [first, first + 1, 0x8000_0000, 0x1_0000_0000, .max] {
            #expect(environment.call(extensionID, function, 0, 0) == .failure(.notSupported))
        }
        #expect(environment.events.isEmpty)
    }

    @Test(
        arguments: [
            (EID.base, 0, "BASE.get_spec_version"), (EID.base, 3, "BASE.probe_extension"),
            (EID.base, 7, "BASE.unknown"),
            (EID.timer, 0, "TIME.set_timer"), (EID.timer, 1, "TIME.unknown"), (EID.ipi, 0, "IPI.send_ipi"),
            (EID.remoteFence, 2, "RFENCE.sfence_vma_asid"), (EID.hartState, 0, "HSM.hart_start"),
            (EID.systemReset, 0, "SRST.system_reset"), (EID.debugConsole, 2, "DBCN.write_byte"),
            (EID.systemSuspend, 0, "SUSP.system_suspend"), (EID.firmwareFeatures, 1, "FWFT.get"),
            (0, 99, "legacy.set_timer"), (8, 0, "legacy.shutdown"), (9, 0, "unknown.extension"),
            (.max, 0, "unknown.extension"),
        ] as [(UInt64, UInt64, String)]
    )
    func names(_ extensionID: UInt64, _ function: UInt64, _ name: String) {
        #expect(SBICall(extensionID: extensionID, function: function, arguments: .init()).target.name == name)
    }

    @Test(
        arguments: [
            (EID.hartState, 0, "HSM.hart_start(hartid=1, start_addr=0x80200000, opaque=0x2a)"),
            (EID.hartState, 1, "HSM.hart_stop()"), (EID.timer, 0, "TIME.set_timer(stime_value=1)"),
            (EID.timer, 5, "TIME.unknown(a7=0x54494d45, a6=0x5)"), (1, 0, "legacy.console_putchar(ch=0x1)"),
            (EID.base, 3, "BASE.probe_extension(extension_id=0x1)"),
            (EID.firmwareFeatures, 0, "FWFT.set(feature=0x1, value=2149580800, flags=0x2a)"),
            (0x1234, 6, "unknown.extension(a7=0x1234, a6=0x6)"),
        ] as [(UInt64, UInt64, String)]
    )
    func descriptions(_ extensionID: UInt64, _ function: UInt64, _ text: String) {
        let call = SBICall(extensionID: extensionID, function: function, arguments: .init(1, 0x8020_0000, 42))
        #expect(call.description == text)
    }

    /// -1 where it means "all", "never" where a timer is switched off.
    @Test func descriptionsOfSpecialValues() {
        func text(_ extensionID: UInt64, _ function: UInt64, _ arguments: SBICall.Arguments) -> String {
            SBICall(extensionID: extensionID, function: function, arguments: arguments).description
        }
        #expect(text(EID.timer, 0, .init(.max)) == "TIME.set_timer(stime_value=never)")
        #expect(text(EID.ipi, 0, .init(0b101, .max)) == "IPI.send_ipi(hart_mask=0b101, hart_mask_base=-1)")
        #expect(
            text(EID.remoteFence, 2, .init(1, 0, 0x1000, .max, 3))
                == "RFENCE.sfence_vma_asid(hart_mask=0b1, hart_mask_base=0, start_addr=0x1000, size=-1, asid=3)"
        )
        #expect(
            text(EID.systemSuspend, 0, .init(1 << 32 | 1, 2, 3))
                == "SUSP.system_suspend(sleep_type=0x1, resume_addr=0x2, opaque=0x3)"
        )
    }

    /// The rows are in order and name each number once, so that none hides another.
    @Test func rowsAreDistinct() {
        #expect(Set(SBIExtension.all.map(\.id)).count == SBIExtension.all.count)
        for row in SBIExtension.all {
            #expect(row.functions.map(\.id) == Array(0..<UInt64(row.functions.count)), "\(row.name)")
            for function in row.functions { #expect(function.parameters.count <= 6) }
        }
    }

    /// Whatever a guest puts into its registers, the host goes on, and the names to count under stay few.
    @Test func randomCalls() {
        var random = SplitMix64(seed: 2)
        var names: Set<String> = []
        let edges: [UInt64] = [0, 1, 3, 4, 63, 64, 0x8000_0000, 0x8001_FFFF, 1 << 63, .max - 1, .max]
        let environment = RecordingEnvironment(harts: 3)
        environment.features = [.misalignedExceptionDelegation: 1, .pointerMaskingLength: 0]
        func value() -> UInt64 {
            Bool.random(using: &random)
                ? edges[Int.random(in: 0..<edges.count, using: &random)] : random.next()
        }
        for _ in 0..<20_000 {
            let extensionID = EID.implemented.randomElement(using: &random) ?? 0
            let call = SBICall(
                extensionID: Int.random(in: 0..<8, using: &random) == 0 ? value() : extensionID,
                function: Int.random(in: 0..<8, using: &random) == 0 ? value() : random.next() & 7,
                arguments: .init(value(), value(), value(), value(), value(), value())
            )
            names.insert(call.target.name)
            switch SBIDispatcher().handle(call, for: call.target, hart: 0, environment: environment) {
            case .reply(let result):
                // Only what the specification lists for the function.
                if let error = result.error, let function = call.target.function {
                    #expect(function.errors.contains(error), "\(error) of \(call)")
                }
            case .legacyReply, .resetMachine, .inject: break
            case .stopHart:
                #expect(environment.hartStates.completeStop(of: 0))
                environment.hartStates.reset()
            case .suspendHart:
                #expect(environment.hartStates.enterSuspend(of: 0))
                #expect(environment.hartStates.requestResume(of: 0))
                #expect(environment.hartStates.completeResume(of: 0))
            }
            environment.events.removeAll(keepingCapacity: true)
        }
        // 9 legacy, 7 + 1 + 1 + 7 + 4 + 1 + 3 + 1 + 2 standard functions, "unknown" of 9 extensions, and of all others.
        #expect(names.count == 9 + 27 + 9 + 1)
    }
}
