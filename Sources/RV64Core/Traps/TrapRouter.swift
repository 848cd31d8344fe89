/// Who takes a trap. Pure: the current mode and the delegation registers decide.
///
/// Privileged ISA, "Machine Trap Delegation Registers", "Hypervisor Trap Delegation Registers". norm:medeleg_op
enum TrapRouter {
    static func target(of cause: ExceptionCause, in state: borrowing HartState) -> PrivilegeMode {
        let bit: UInt64 = 1 &<< cause.rawValue
        guard state.mode != .machine, state.medeleg & bit != 0 else { return .machine }
        return state.mode.isVirtual && state.hedeleg & bit != 0 ? .virtualSupervisor : .supervisor
    }

    /// The mode that handles an interrupt by delegation.
    static func target(of cause: InterruptCause, in state: borrowing HartState) -> PrivilegeMode {
        guard state.mideleg & cause.mask != 0 else { return .machine }
        return state.hideleg & cause.mask != 0 ? .virtualSupervisor : .supervisor
    }

    /// Highest first. norm:mip_priority, norm:hip_priority
    static let priority: [InterruptCause] = [
        .machineExternal, .machineSoftware, .machineTimer,
        .supervisorExternal, .supervisorSoftware, .supervisorTimer,
        .supervisorGuestExternal,
        .virtualSupervisorExternal, .virtualSupervisorSoftware, .virtualSupervisorTimer,
        .counterOverflow,
    ]

    /// The interrupt to take now: traps to M before traps to HS before traps to VS, by priority within each.
    static func interrupt(pending: UInt64, in state: borrowing HartState) -> (InterruptCause, PrivilegeMode)? {
        let ready = pending & state.mie
        guard ready != 0 else { return nil }
        for target in [PrivilegeMode.machine, .supervisor, .virtualSupervisor] {
            guard isEnabled(target, in: state) else { continue }
            for cause in priority where ready & cause.mask != 0 && Self.target(of: cause, in: state) == target {
                return (cause, target)
            }
        }
        return nil
    }

    /// Interrupts to a mode are taken in less privileged modes always, in that mode if its enable bit is set.
    private static func isEnabled(_ target: PrivilegeMode, in state: borrowing HartState) -> Bool {
        switch (target, state.mode) {
        case (.machine, .machine): state.mstatus[.mie]
        case (.machine, _): true
        case (.supervisor, .machine): false
        case (.supervisor, .supervisor): state.mstatus[.sie]
        case (.supervisor, _): true
        case (_, .virtualUser): true
        case (_, .virtualSupervisor): state.vsstatus[.sie]
        default: false
        }
    }
}
