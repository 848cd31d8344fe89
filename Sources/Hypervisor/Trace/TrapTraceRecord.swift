/// One trap to HS, as a reader wants to see it.
package struct TrapTraceRecord: Equatable, Sendable {
    /// The nearest symbol at or below an address.
    package struct SymbolOffset: Equatable, Sendable {
        package var symbol: String
        package var offset: UInt64

        package init(symbol: String, offset: UInt64) {
            self.symbol = symbol
            self.offset = offset
        }
    }

    package var guest: String
    package var hart: Int
    /// The machine's clock when the trap was taken.
    package var nanoseconds: UInt64
    /// The mode the trap came from, as the manual writes it: VS, VU.
    package var mode: String
    /// `sepc`.
    package var pc: UInt64
    package var symbol: SymbolOffset?
    /// The cause in the manual's words.
    package var cause: String
    /// The instruction at `pc`, disassembled; nil for an interrupt, or where it cannot be fetched.
    package var instruction: String?
    /// `stval` where the cause defines it.
    package var trapValue: UInt64?
    /// The guest physical address that `htval` gives, where the cause defines it.
    package var guestPhysicalAddress: UInt64?
    /// What the hypervisor did.
    package var action: String

    package init(
        guest: String,
        hart: Int,
        nanoseconds: UInt64,
        mode: String,
        pc: UInt64,
        symbol: SymbolOffset? = nil,
        cause: String,
        instruction: String? = nil,
        trapValue: UInt64? = nil,
        guestPhysicalAddress: UInt64? = nil,
        action: String
    ) {
        self.guest = guest
        self.hart = hart
        self.nanoseconds = nanoseconds
        self.mode = mode
        self.pc = pc
        self.symbol = symbol
        self.cause = cause
        self.instruction = instruction
        self.trapValue = trapValue
        self.guestPhysicalAddress = guestPhysicalAddress
        self.action = action
    }
}
