import Platform
import RV64Core

/// What a plain machine is to be: nothing hosted, the program starts in M-mode.
public struct BareMachineConfiguration: Sendable {
    /// The program or firmware that the harts start in M-mode.
    public var programPath: String
    /// A kernel for the firmware to start in S-mode.
    public var kernelPath: String?
    /// An initial RAM disk, named in the device tree.
    public var initrdPath: String?
    /// Where the program goes if it is a raw binary, which starts at its first byte; nil for an ELF file.
    public var programAddress: UInt64?
    /// Where the harts start instead of where the program says.
    public var entry: UInt64?
    /// Files that are put into RAM as they are.
    public var binaries: [(path: String, address: UInt64)] = []
    /// Bytes of RAM, a whole number of pages.
    public var memorySize: UInt64 = 256 << 20
    /// RAM beside that, in whole pages.
    public var furtherRAM: [Range<UInt64>] = []
    /// Harts, 1 to 64.
    public var hartCount = 1
    /// Boot arguments in the device tree.
    public var bootArguments = ""
    /// The extensions that the harts have.
    public var isa: ISAConfiguration
    /// The widest paging mode that the harts have: unless set, the widest that ``isa`` was named with, or Sv48.
    public var pagingLimit: PagingLimit
    /// Ends the run after this many instructions of all harts together, give or take a turn; nil for never.
    public var instructionLimit: UInt64?
    /// Whether console input can come.
    public var input = ConsoleInputSource.live
    /// Seeds what the program sees as random; nil for the host's entropy.
    public var seed: UInt64?

    /// A machine with default memory and one hart.
    public init(programPath: String, isa: ISAConfiguration) {
        self.programPath = programPath
        self.isa = isa
        pagingLimit = isa.pagingLimit ?? .sv48
    }
}

/// Whether console input can come.
public enum ConsoleInputSource: Sendable {
    case live
    /// Nothing comes from outside: harts that wait with no timer to wake them wait for ever.
    case absent
}

/// How a run of a plain machine ended.
public enum BareMachineOutcome: Equatable, Sendable {
    /// The program ended it, through HTIF or the finisher; 0 is success.
    case exited(code: Int)
    /// The instruction limit was reached first.
    case instructionLimit
    /// It cannot go on: what happened, in one line.
    case failed(String)
    /// The host asked for it.
    case requested
}
