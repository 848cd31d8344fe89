import Hypervisor
import Testing

@Suite struct RemoteFenceTests {
    struct Row: Sendable {
        let function: UInt64
        let arguments: [UInt64]
        let fence: RemoteFence
        init(_ function: UInt64, _ arguments: [UInt64], _ fence: RemoteFence) {
            self.function = function
            self.arguments = arguments
            self.fence = fence
        }
    }

    @Test(arguments: [
        Row(0, [0, 0, 0], .instruction),
        // `start` and `size` do not belong to FENCE.I.
        Row(0, [.max - 3, 8, 0], .instruction),
        Row(1, [0, 0, 0], .supervisor(.everything, asid: nil)),
        Row(1, [0x1000, .max, 0], .supervisor(.everything, asid: nil)),
        Row(1, [0x1000, 0x2000, .max], .supervisor(.addresses(start: 0x1000, size: 0x2000), asid: nil)),
        Row(1, [0, 0x1000, 0], .supervisor(.addresses(start: 0, size: 0x1000), asid: nil)),
        Row(1, [0x1000, 0, 0], .supervisor(.addresses(start: 0x1000, size: 1), asid: nil)),
        // Up to the last byte of the address space.
        Row(
            1,
            [0xFFFF_FFFF_8000_0000, 0x8000_0000, 0],
            .supervisor(.addresses(start: 0xFFFF_FFFF_8000_0000, size: 0x8000_0000), asid: nil)
        ),
        Row(2, [0, .max, 0xFFFF], .supervisor(.everything, asid: 0xFFFF)),
        Row(2, [0x1000, 0x1000, 0], .supervisor(.addresses(start: 0x1000, size: 0x1000), asid: 0)),
    ])
    func supervisorFences(_ row: Row) {
        let environment = RecordingEnvironment()
        let outcome = environment.call(
            EID.remoteFence,
            row.function,
            0b110,
            0,
            row.arguments[0],
            row.arguments[1],
            row.arguments[2]
        )
        #expect(outcome == .success())
        #expect(environment.events == [.fence(row.fence, [1, 2])])
    }

    @Test(arguments: [
        Row(3, [0x1000, 0x1000, 0x3FFF], .guestStage(.addresses(start: 0x1000, size: 0x1000), vmid: 0x3FFF)),
        Row(4, [0, 0, 0x3FFF], .guestStage(.everything, vmid: nil)),
        Row(5, [0, 0, 9], .virtualSupervisor(.everything, asid: 9)),
        Row(6, [0x1000, 0x1000, 9], .virtualSupervisor(.addresses(start: 0x1000, size: 0x1000), asid: nil)),
    ])
    func hypervisorFences(_ row: Row) {
        let environment = RecordingEnvironment()
        func call() -> SBIOutcome {
            environment.call(
                EID.remoteFence,
                row.function,
                0b1,
                0,
                row.arguments[0],
                row.arguments[1],
                row.arguments[2]
            )
        }
        #expect(call() == .failure(.notSupported))
        #expect(environment.events.isEmpty)
        environment.hasHypervisorExtension = true
        #expect(call() == .success())
        #expect(environment.events == [.fence(row.fence, [0])])
    }

    @Test(
        arguments: [
            (1, 0xFFFF_FFFF_FFFF_F000, 0x1001, 0, .invalidAddress), (1, .max, 2, 0, .invalidAddress),
            (1, 3, .max - 1, 0, .invalidAddress), (2, 0, 0, 0x1_0000, .invalidParameter),
            (2, 0, 0, .max, .invalidParameter), (3, 0, 0, 0x4000, .invalidParameter),
            (5, 0, 0, 0x1_0000, .invalidParameter), (6, .max, 2, 0, .invalidAddress),
        ] as [(UInt64, UInt64, UInt64, UInt64, SBIError)]
    )
    func invalidArguments(_ function: UInt64, _ start: UInt64, _ size: UInt64, _ id: UInt64, _ error: SBIError) {
        let environment = RecordingEnvironment()
        environment.hasHypervisorExtension = true
        #expect(environment.call(EID.remoteFence, function, 1, 0, start, size, id) == .failure(error))
        #expect(environment.events.isEmpty)
    }

    @Test func noHartsNoFence() {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.remoteFence, 1, 0, 0, 0, 0) == .success())
        #expect(environment.events.isEmpty)
    }
}
