/// Why `Hart.run` returned.
package enum HartExit: Equatable, Sendable, BitwiseCopyable {
    /// A trap was delivered, with every CSR written, to a mode whose software is Swift.
    case hosted(PrivilegeMode)
    /// The software of a hosted mode has taken a trap, and does not want the hart to go on for now.
    case handled
    /// WFI with nothing pending: the hart may sleep until a wire or a request wakes it, or until this `time`.
    case waiting(untilTick: UInt64)
    /// The hart takes trap after trap and no instruction retires: its trap handler faults at its first instruction.
    case trapLoop
    /// A trap that no handler could take (Smdbltrp): the hart has stopped for good. norm:critical_error
    case criticalError
    /// Another thread asked for attention through `Hart.requests`.
    case requested
    /// The instruction budget is used up.
    case budgetExhausted
}
