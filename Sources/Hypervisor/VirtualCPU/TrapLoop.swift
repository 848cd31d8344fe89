import RV64Core

/// A hart that traps for ever: what it did, for the report of its machine's end.
package struct TrapLoop {
    let hart: UInt64
    let cause: String
    let pc: UInt64
    let value: UInt64
    let handler: UInt64
    /// The trap vector's name, as the software that set it knows it.
    var register: String

    /// The last trap to `mode`, whose handler does not work.
    package init(_ hart: Hart, in mode: PrivilegeMode) {
        let state = hart.state.pointee
        self.hart = state.mhartid
        let code: UInt64
        switch mode {
        case .supervisor:
            (code, pc, value, handler, register) = (state.scause, state.sepc, state.stval, state.stvec & ~3, "stvec")
        case .virtualSupervisor:
            (code, pc, value, handler) = (state.vscause, state.vsepc, state.vstval, state.vstvec & ~3)
            register = "vstvec"
        case .machine, .user, .virtualUser:
            (code, pc, value, handler, register) = (state.mcause, state.mepc, state.mtval, state.mtvec & ~3, "mtvec")
        }
        cause = ExceptionCause(rawValue: code)?.name ?? "cause \(hex(code))"
    }

    /// One line. `place` says where an address is.
    package func report(_ place: (UInt64) -> String) -> String {
        "hart \(hart) traps for ever: \(cause) at \(place(pc)), value \(hex(value)), and its handler at "
            + "\(place(handler)) (\(register)) never returns"
    }
}

/// The state that a trap which no handler can take leaves a hart in. norm:critical_error
package enum CriticalError {
    package static func report(_ hart: Hart) -> String {
        "hart \(hart.state.pointee.mhartid) is in the critical-error state: a trap at \(hex(hart.state.pointee.pc)) that "
            + "no handler could take (Smdbltrp)"
    }
}
