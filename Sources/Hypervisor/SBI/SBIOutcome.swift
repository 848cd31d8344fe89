import Platform
import RV64Core

/// What the vCPU does after a call.
///
/// Where the call returns, `sepc` moves past the `ecall` (four bytes: it has no compressed form). All registers but
/// `a0` and `a1` keep their values.
package enum SBIOutcome: Equatable, Sendable {
    /// Return with `a0` and `a1` set.
    case reply(SBIResult)
    /// Return with `a0` set, and `a1` kept: the legacy convention.
    case legacyReply(UInt64)
    /// Do not return: the hart is `STOP_PENDING`. The vCPU lets go of it, then calls `HartStateMachine.completeStop`.
    case stopHart
    /// The hart is `SUSPEND_PENDING`. The vCPU calls `HartStateMachine.enterSuspend`, sleeps until an interrupt that
    /// `sie` enables is pending (whatever `sstatus.SIE` says), then calls `requestResume` and `completeResume`.
    case suspendHart(HartSuspension)
    /// Do not return: the guest asked to be shut down or restarted.
    case resetMachine(SBIReset)
    /// Do not return: the guest takes this trap, with `sepc` at the `ecall`. SBI 3.0, "Legacy Extensions".
    case inject(Trap)

    /// `SBI_SUCCESS` with a value.
    static func success(_ value: UInt64 = 0) -> SBIOutcome { .reply(.success(value)) }
}

/// How a suspended hart comes back. SBI 3.0, "Hart suspend".
package enum HartSuspension: Equatable, Sendable {
    /// Registers are kept; the call returns `SBI_SUCCESS`.
    case retentive
    /// The hart comes back as if started at the entry.
    case nonRetentive(HartEntry)
}

/// Where a hart begins, with the MMU off: `satp` = 0, `sstatus.SIE` = 0, `a0` = hartid, `a1` = `opaque`.
package struct HartEntry: Equatable, Sendable {
    package var address: GuestPhysicalAddress
    package var opaque: UInt64

    package init(address: GuestPhysicalAddress, opaque: UInt64) {
        self.address = address
        self.opaque = opaque
    }
}

/// What `SRST.system_reset` asked for.
package struct SBIReset: Equatable, Sendable {
    package var kind: Kind
    package var reason: Reason

    package init(kind: Kind, reason: Reason) {
        self.kind = kind
        self.reason = reason
    }

    /// `reset_type`.
    package enum Kind: UInt32, CaseIterable, Sendable {
        case shutdown = 0
        case coldReboot = 1
        case warmReboot = 2
    }

    /// `reset_reason`.
    package enum Reason: UInt32, CaseIterable, Sendable {
        case none = 0
        case systemFailure = 1
    }
}
