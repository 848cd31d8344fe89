/// A synchronous exception on its way to trap entry: what the xcause, xtval, htval and htinst writes need.
package struct Trap: Error, Equatable, Sendable, BitwiseCopyable {
    package var cause: ExceptionCause
    /// What `xtval` receives.
    package var value: UInt64
    /// `value` is a guest virtual address: what `GVA` receives.
    package var isGuestVirtualAddress: Bool = false
    /// The guest physical address behind a guest-page fault; `htval` and `mtval2` receive it shifted right by two.
    package var guestPhysicalAddress: UInt64 = 0
    package var instruction: TrapInstruction = .zero
    /// How far `value` lies behind the instruction's own address, when the second page of a misaligned access faults:
    /// the "Addr. Offset" of a transformed instruction.
    package var addressOffset: UInt8 = 0

    package init(_ cause: ExceptionCause, value: UInt64 = 0) {
        self.cause = cause
        self.value = value
    }
}

/// What `htinst` and `mtinst` receive. Privileged ISA, "Transformed Instruction or Pseudoinstruction".
package enum TrapInstruction: Equatable, Sendable, BitwiseCopyable {
    case zero
    /// The trapping instruction, transformed: made at trap entry, where the instruction is known.
    case transformed
    /// A 64-bit read of a VS-stage page-table entry faulted in the G-stage.
    case implicitRead
    /// A 64-bit write (A or D update) of a VS-stage page-table entry faulted in the G-stage.
    case implicitWrite
}
