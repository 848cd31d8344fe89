/// What executes guest code for the run loop; there may be several, with one semantics.
///
/// An engine works on the hart's area alone: architectural state, run state and TLB. What it derives from memory (decoded
/// blocks, translated code) is its own, and is tied to fetch epochs. docs/Execution.md explains the words.
///
/// Three numbers count instructions, and every engine keeps them alike:
/// - **budget**: how many instructions a call may execute. It is looked at where a block ends, so that the last block may
///   go beyond it.
/// - **remaining**: what is left of the budget at the start of the current block. Inside a block it does not change: an
///   instruction's own number in the block is what has retired since.
/// - **retired**: `HartState.retired`, the number of instructions that have completed since reset. It is up to date only
///   where it has been *written back*, together with pc: at every return from `run`, and before `executeSystem`. An
///   instruction that traps has not retired; the one before it has.
package protocol Engine: AnyObject {
    /// Runs guest code from pc: for `budget` instructions, give or take one block, or until a trap was delivered or
    /// something changed that only the run loop looks at.
    func run(_ hart: Hart, budget: Int)

    /// Executes exactly one instruction, or delivers the trap that it raises.
    func step(_ hart: Hart)

    /// From here on fetches see what is in memory now. norm:fence_i_op
    func startFetchEpoch(_ hart: Hart)

    /// Gives up everything derived from memory, and the memory that it took.
    func forgetCode(_ hart: Hart)
}
