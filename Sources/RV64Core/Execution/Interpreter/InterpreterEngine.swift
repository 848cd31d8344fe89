/// The interpreter as the run loop sees it: decoded blocks, and the loop over them.
struct Interpreter: Engine {
    let blocks = BlockCache()

    func run(_ hart: Hart, budget: Int) {
        guard let first = hart.block(at: hart.state.pointee.pc, retired: 0) else { return }
        hart.interpret(budget, from: first)
    }

    func step(_ hart: Hart) {
        do throws(Trap) {
            let first = try hart.singleBlock(hart.state.pointee.pc, hart.fetchLocation(hart.state.pointee.pc))
            hart.interpret(1, from: first)
        } catch {
            hart.deliver(error, raisedBy: nil)
        }
    }

    func startFetchEpoch() { blocks.startEpoch() }

    func forgetCode() { blocks.reset() }
}
