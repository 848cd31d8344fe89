import Platform
import RV64Core

/// What a plain machine is to be: nothing hosted, the program starts in M-mode.
package struct BareMachineConfiguration: Sendable {
    /// The program or firmware that the harts start in M-mode.
    package var programPath: String
    /// A kernel for the firmware to start in S-mode.
    package var kernelPath: String?
    package var initrdPath: String?
    /// Bytes of RAM, a whole number of pages.
    package var memorySize: UInt64 = 256 << 20
    package var hartCount = 1
    /// Boot arguments in the device tree.
    package var bootArguments = ""
    package var isa: ISAConfiguration
    package var pagingLimit: PagingLimit = .sv57
    /// Ends the run after this many instructions of all harts together, give or take a turn; nil for never.
    package var instructionLimit: UInt64?
    package var input = ConsoleInputSource.live
    /// Seeds what the program sees as random; nil for the host's entropy.
    package var seed: UInt64?

    package init(programPath: String, isa: ISAConfiguration) {
        self.programPath = programPath
        self.isa = isa
    }
}

/// Whether console input can come.
package enum ConsoleInputSource: Sendable {
    case live
    /// Nothing comes from outside: harts that wait with no timer to wake them wait for ever.
    case absent
}

/// How a run of a plain machine ended.
package enum BareMachineOutcome: Equatable, Sendable {
    /// The program ended it, through HTIF or the finisher; 0 is success.
    case exited(code: Int)
    /// The instruction limit was reached first.
    case instructionLimit
    /// It cannot go on: what happened, in one line.
    case failed(String)
    /// The host asked for it.
    case requested
}
