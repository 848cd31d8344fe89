/// Who takes a trap. Pure: the current mode, the enables and the delegation registers decide.
///
/// Privileged ISA, "Machine Trap Delegation Registers", "Hypervisor Trap Delegation Registers". norm:H_trap_deleg
extension HartState {
    // Mutating in form only: the compiler hands any other method a copy of the whole state.

    /// The mode that an exception goes to.
    mutating func target(of cause: ExceptionCause) -> PrivilegeMode {
        let bit: UInt64 = 1 &<< cause.rawValue
        guard mode != .machine, medeleg & bit != 0 else { return .machine }
        guard mode.isVirtual, hedeleg & bit != 0 else { return .supervisor }
        return .virtualSupervisor
    }

    /// The interrupt to take now: those to M before those to HS before those to VS, by priority within each.
    mutating func interrupt(pending: UInt64) -> (cause: InterruptCause, target: PrivilegeMode)? {
        let ready = pending & mie
        // norm:mnstatus_nmie_disable
        guard ready != 0, mnstatus[.nmie] else { return nil }
        let (mode, machine, guest) = (mode, mstatus, vsstatus)
        let toMachine = ready & ~mideleg
        if toMachine != 0, mode != .machine || machine[.mie] {
            return Self.first(of: toMachine).map { ($0, .machine) }
        }
        let toSupervisor = ready & mideleg & ~hideleg
        // Interrupts to HS are always enabled below it.
        let isSupervisor = mode == .supervisor
        if toSupervisor != 0, isSupervisor ? machine[.sie] : mode != .machine {
            return Self.first(of: toSupervisor).map { ($0, .supervisor) }
        }
        let toGuest = ready & mideleg & hideleg
        if toGuest != 0, mode == .virtualUser || mode == .virtualSupervisor && guest[.sie] {
            return Self.first(of: toGuest).map { ($0, .virtualSupervisor) }
        }
        return nil
    }

    /// The order of simultaneous interrupts to one mode, highest first. norm:intr_M_mode_pri, norm:hsint_priority
    private static func first(of ready: UInt64) -> InterruptCause? {
        let order: [11 of InterruptCause] = [
            .machineExternal, .machineSoftware, .machineTimer,
            .supervisorExternal, .supervisorSoftware, .supervisorTimer,
            .supervisorGuestExternal,
            .virtualSupervisorExternal, .virtualSupervisorSoftware, .virtualSupervisorTimer,
            .counterOverflow,
        ]
        for index in order.indices {
            if ready & order[index].mask != 0 { return order[index] }
        }
        return nil
    }
}
