import Hypervisor
import Platform
import Testing

@testable import Machine

/// What can be asked of a machine in which state, and what comes of it.
@Suite(.timeLimit(.minutes(10))) struct MachineRequestTests {
    /// Every request in every state, and the state that follows; nil for a request that is refused.
    private static let table: [(MachineState, [(MachineRequest, MachineState?)])] = [
        (
            .created,
            [
                (.start, .running), (.pause, nil), (.resume(.skipped), nil), (.resume(.seen), nil), (.reset, nil),
                (.stop, .stopped),
            ]
        ),
        (
            .running,
            [
                (.start, nil), (.pause, .pausing), (.resume(.skipped), nil), (.resume(.seen), nil), (.reset, .running),
                (.stop, .stopped),
            ]
        ),
        (
            .pausing,
            [
                (.start, nil), (.pause, .pausing), (.resume(.skipped), .running), (.resume(.seen), .running),
                (.reset, .pausing), (.stop, .stopped),
            ]
        ),
        (
            .paused,
            [
                (.start, nil), (.pause, .paused), (.resume(.skipped), .running), (.resume(.seen), .running),
                (.reset, .paused), (.stop, .stopped),
            ]
        ),
        (
            .stopped,
            [
                (.start, nil), (.pause, nil), (.resume(.skipped), nil), (.resume(.seen), nil), (.reset, nil),
                (.stop, .stopped),
            ]
        ),
    ]

    @Test func tableIsComplete() {
        #expect(Self.table.map(\.0) == MachineState.allCases)
        for (_, rows) in Self.table { #expect(rows.map(\.0) == MachineRequest.all) }
    }

    @Test(arguments: MachineState.allCases.indices, [MachineProfile.guest, .plain])
    func requests(stateIndex: Int, profile: MachineProfile) throws {
        let (state, rows) = Self.table[stateIndex]
        for (request, next) in rows {
            let machine = try Self.machine(profile)
            try Self.bring(machine, to: state)
            #expect(machine.state == state)
            if let next {
                try machine.perform(request)
                #expect(machine.state == next, "\(request) in \(state)")
            } else {
                #expect(throws: MachineRequestRefused(machine: "test", request: request, state: state)) {
                    try machine.perform(request)
                }
                #expect(machine.state == state)
            }
            machine.stop()
            if state != .created, state != .paused, state != .stopped { machine.leave() }
            #expect(machine.wait() == .requested)
        }
    }

    /// A refusal says what, where and why.
    @Test func refusalInWords() throws {
        let machine = try Self.machine(.guest)
        let refusal = #expect(throws: MachineRequestRefused.self) { try machine.perform(.pause) }
        #expect(refusal?.description == "test: cannot pause a machine that is created")
    }

    private static func machine(_ profile: MachineProfile) throws -> Machine {
        switch profile {
        case .guest: try GuestProgram { $0.emit(Encoding.spin) }.make(console: CollectingConsole())
        case .plain: try PlainTestProgram([Encoding.spin]).make(on: MachineHost(clock: .host), CollectingConsole())
        }
    }

    /// A machine that runs, or pauses, has a thread in it here: the test's own, as a scheduler's would be.
    private static func bring(_ machine: Machine, to state: MachineState) throws {
        switch state {
        case .created: break
        case .paused: try machine.boot()
        case .running:
            try machine.boot()
            machine.release()
            #expect(machine.enter() == .granted)
        case .pausing:
            try bring(machine, to: .running)
            try machine.perform(.pause)
        case .stopped: machine.stop()
        }
    }
}
