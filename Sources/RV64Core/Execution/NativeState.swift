/// What generated code and the engine that made it pass each other. Its place in the hart's area is known to the code.
package struct NativeState: BitwiseCopyable {
    /// What is left of the budget at the start of the current block.
    package var remaining = 0
    /// What was left when pc and `retired` were last written back.
    package var budget = 0
    /// The hart, for functions that are called from generated code.
    package var hart: UnsafeMutableRawPointer?
    /// The instructions of translated blocks, by number.
    package var places: UnsafeRawPointer?
    /// The links between blocks, by number; the blocks, by number; and the numbers by address.
    package var links: UnsafeRawPointer?
    package var blocks: UnsafeRawPointer?
    package var blockTable: UnsafeRawPointer?
    /// Functions that generated code calls.
    package var execute: UnsafeRawPointer?
    package var system: UnsafeRawPointer?
    package var environmentCall: UnsafeRawPointer?
    package var supervisorReturn: UnsafeRawPointer?
    /// The host's control word of floating point while Swift runs, and the one for the guest's rounding mode.
    package var hostControl: UInt32 = 0x1F80
    package var guestControl: UInt32 = 0
    /// Not zero while the guest's control word is loaded: its rounding mode, plus 1. After a call, what it is to be.
    package var isFloating: UInt64 = 0
    package var wasFloating: UInt64 = 0
    /// Code has been written since some was last entered.
    package var isDirty = true
    /// For generated code alone.
    package var scratch: UInt64 = 0
    /// What a loop has put aside of the budget until it looks for its pages again.
    package var rest: UInt64 = 0
    /// The sign bits of a double and of a single: constants that generated code reads.
    package var doubleSign: UInt64 = 1 << 63
    package var singleSign: UInt64 = 1 << 31

    package init() {}
}
