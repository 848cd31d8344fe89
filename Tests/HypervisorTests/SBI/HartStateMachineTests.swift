import Hypervisor
import Platform
import Testing

@Suite struct HartStateMachineTests {
    private let entry = HartEntry(address: GuestPhysicalAddress(0x8000_0000), opaque: 0)

    /// The arrows out of each state, by what takes them.
    enum Step: CaseIterable {
        case requestStart, completeStart, requestStop, completeStop
        case requestSuspend, enterSuspend, requestResume, completeResume
    }

    private func take(_ step: Step, _ machine: HartStateMachine) -> Bool {
        switch step {
        case .requestStart: (try? machine.requestStart(of: 0, at: entry)) != nil
        case .completeStart: machine.completeStart(of: 0) != nil
        case .requestStop: machine.requestStop(of: 0)
        case .completeStop: machine.completeStop(of: 0)
        case .requestSuspend: machine.requestSuspend(of: 0)
        case .enterSuspend: machine.enterSuspend(of: 0)
        case .requestResume: machine.requestResume(of: 0)
        case .completeResume: machine.completeResume(of: 0)
        }
    }

    /// A machine whose hart 0 is in the state.
    private func machine(in state: HartStatus) -> HartStateMachine {
        let path: [Step] =
            switch state {
            case .started: []
            case .stopPending: [.requestStop]
            case .stopped: [.requestStop, .completeStop]
            case .startPending: [.requestStop, .completeStop, .requestStart]
            case .suspendPending: [.requestSuspend]
            case .suspended: [.requestSuspend, .enterSuspend]
            case .resumePending: [.requestSuspend, .enterSuspend, .requestResume]
            }
        let machine = HartStateMachine(hartCount: 2)
        for step in path { #expect(take(step, machine)) }
        #expect(machine.state(of: 0) == state)
        return machine
    }

    /// Figure "SBI HSM State Machine": these arrows, and no others.
    @Test(arguments: HartStatus.allCases)
    func transitions(_ state: HartStatus) {
        let arrows: [Step: HartStatus] =
            switch state {
            case .started: [.requestStop: .stopPending, .requestSuspend: .suspendPending]
            case .stopped: [.requestStart: .startPending]
            case .startPending: [.completeStart: .started]
            case .stopPending: [.completeStop: .stopped]
            case .suspended: [.requestResume: .resumePending]
            case .suspendPending: [.enterSuspend: .suspended]
            case .resumePending: [.completeResume: .started]
            }
        #expect(Set(state.successors) == Set(arrows.values))
        for step in Step.allCases {
            let machine = machine(in: state)
            #expect(take(step, machine) == (arrows[step] != nil), "\(step) from \(state)")
            #expect(machine.state(of: 0) == arrows[step] ?? state, "\(step) from \(state)")
            #expect(machine.state(of: 1) == .stopped)
        }
    }

    @Test(arguments: HartStatus.allCases)
    func startRequests(_ state: HartStatus) {
        let error: SBIError? =
            switch state {
            case .stopped: nil
            case .stopPending: .failed
            case .started, .startPending, .suspended, .suspendPending, .resumePending: .alreadyAvailable
            }
        let machine = machine(in: state)
        do throws(SBIError) {
            try machine.requestStart(of: 0, at: entry)
            #expect(error == nil)
        } catch let thrown {
            #expect(thrown == error)
        }
    }

    /// SBI 3.0, "System Suspend Extension": all but the calling hart are `STOPPED`, which none is that is on its way.
    @Test(arguments: HartStatus.allCases)
    func systemSuspend(_ other: HartStatus) {
        let machine = machine(in: other)
        // Hart 0 is in the state; hart 1 asks.
        #expect((try? machine.requestStart(of: 1, at: entry)) != nil)
        #expect(machine.completeStart(of: 1) != nil)
        #expect(machine.requestSystemSuspend(by: 1) == (other == .stopped))
        #expect(machine.state(of: 1) == (other == .stopped ? .suspendPending : .started))
        #expect(machine.state(of: 0) == other)
    }

    @Test func resetForgetsPendingStarts() throws {
        let machine = HartStateMachine(hartCount: 3, bootHart: 1)
        #expect((0..<3).map(machine.state) == [.stopped, .started, .stopped])
        try machine.requestStart(of: 2, at: entry)
        machine.reset()
        #expect((0..<3).map(machine.state) == [.started, .stopped, .stopped])
        #expect(machine.completeStart(of: 2) == nil)
    }

    /// Of several harts that start the same one, one succeeds, and its entry is the one that is used.
    @Test func concurrentStarts() async {
        for _ in 0..<50 {
            let machine = HartStateMachine(hartCount: 2)
            let winners = await withTaskGroup(of: UInt64?.self) { group in
                for opaque in UInt64(0)..<8 {
                    group.addTask {
                        let entry = HartEntry(address: GuestPhysicalAddress(0x8000_0000), opaque: opaque)
                        return (try? machine.requestStart(of: 1, at: entry)) == nil ? nil : opaque
                    }
                }
                return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            #expect(winners.count == 1)
            #expect(machine.completeStart(of: 1)?.opaque == winners.first)
        }
    }
}
