import Platform
import RV64Core
import Testing

@testable import Hypervisor

/// Exits, decoded from the CSRs as HS software decodes them.
@Suite struct VCPUExitTests {
    private static func state(_ scause: UInt64, fromGuest: Bool = true) -> RV64Core.HartState {
        var state = RV64Core.HartState()
        state.scause = scause
        state.stval = 0xFFFF_FFC0_0000_0123
        state.htval = 0x1000_0121 >> 2
        state.htinst = 0x3003
        state.hstatus[.spv] = fromGuest
        return state
    }

    private static let fault = 0xFFFF_FFC0_0000_0123 as UInt64

    @Test(arguments: ExceptionCause.allCases)
    func exceptions(cause: ExceptionCause) {
        let exit = VCPUExit(Self.state(cause.rawValue))
        switch cause {
        case .environmentCallFromVS: #expect(exit == .environmentCall)
        case .virtualInstruction: #expect(exit == .virtualInstruction(Self.fault))
        case .instructionGuestPageFault, .loadGuestPageFault, .storeGuestPageFault:
            guard case .guestPageFault(let fault) = exit else {
                Issue.record("\(exit)")
                return
            }
            // norm:htval_trapval: two bits are lost, and those of stval are the same.
            #expect(fault.address == GuestPhysicalAddress(0x1000_0123))
            #expect(fault.virtualAddress == Self.fault)
            #expect(fault.instruction == 0x3003)
            #expect(ExceptionCause(guestPageFault: fault.kind) == cause)
        case .environmentCallFromHS, .environmentCallFromM: #expect(exit == .unexpected(cause: cause.rawValue))
        default: #expect(exit == .exception(cause, value: Self.fault))
        }
        if case .unexpected = exit {} else { #expect(exit.name == cause.name) }
    }

    @Test(arguments: InterruptCause.allCases)
    func interrupts(cause: InterruptCause) {
        let exit = VCPUExit(Self.state(InterruptCause.causeFlag | cause.rawValue))
        #expect(exit == .interrupt(cause))
        #expect(exit.name == cause.name)
    }

    @Test(
        arguments: [14, 19, 24, 63, 1 << 62, InterruptCause.causeFlag, InterruptCause.causeFlag | 62] as [UInt64]
    )
    func impossibleCauses(scause: UInt64) {
        #expect(VCPUExit(Self.state(scause)) == .unexpected(cause: scause))
    }

    /// A trap of HS-mode itself: there is no code of anybody's in it.
    @Test func trapOfTheHypervisor() {
        #expect(VCPUExit(Self.state(2, fromGuest: false)) == .unexpected(cause: 2))
    }

    @Test(arguments: [(0x3000, true), (0x3020, true), (0x3003, false), (0, false)] as [(UInt64, Bool)])
    func implicitAccess(instruction: UInt64, isImplicit: Bool) {
        var state = Self.state(ExceptionCause.loadGuestPageFault.rawValue)
        state.htinst = instruction
        #expect(GuestPageFault(state, .load).isImplicit == isImplicit)
    }

    /// Every kind is counted apart, and charged with its own time.
    @Test func counters() {
        var counters = VCPUCounters()
        let exits = ExceptionCause.allCases.map { VCPUExit(Self.state($0.rawValue)) }
        for (index, exit) in exits.enumerated() {
            counters.beginExit(exit)
            counters.finishExit(nanoseconds: UInt64(index))
        }
        // No trap: the time is the hypervisor's, and no cause's.
        counters.finishExit(nanoseconds: 1000)
        var doubled = counters
        doubled.merge(counters)
        let named = Dictionary(uniqueKeysWithValues: doubled.exits.map { ($0.cause, $0.tally) })
        for (index, exit) in exits.enumerated() where exit.name != "unexpected" {
            #expect(named[exit.name] == VCPUCounters.Tally(count: 2, nanoseconds: UInt64(2 * index)))
        }
        #expect(named["unexpected"]?.count == 4)
        let sum = UInt64((0..<exits.count).reduce(0, +))
        #expect(doubled.hypervisorNanoseconds == 2 * (sum + 1000))
    }
}
