/// The interpreter as the run loop sees it: decoded blocks, and the loop over them.
package final class Interpreter: Engine {
    package let blocks = BlockCache()

    package func run(_ hart: Hart, budget: Int) {
        var left = budget
        repeat {
            let before = hart.state.pointee.retired
            guard let first = hart.block(at: hart.state.pointee.pc, retired: 0),
                hart.interpret(left, from: first) == .edge
            else { return }
            left &-= Int(truncatingIfNeeded: hart.state.pointee.retired &- before)
        } while left > 0
    }

    package func step(_ hart: Hart) {
        do throws(Trap) {
            let first = try hart.singleBlock(hart.state.pointee.pc, hart.fetchLocation(hart.state.pointee.pc))
            _ = hart.interpret(1, from: first)
        } catch {
            hart.deliver(error, raisedBy: nil)
        }
    }

    package func startFetchEpoch(_ hart: Hart) { blocks.startEpoch() }

    package func forgetCode(_ hart: Hart) { blocks.reset() }
}
