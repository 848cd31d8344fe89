import Dispatch
import Synchronization
import Testing

@testable import Platform

/// One runs while the others stand still.
@Suite struct SoleTurnTests {
    private final class Cell: @unchecked Sendable {
        // @unchecked: that nobody else is at it is what is tested.
        var value = 0
        let isDone = Atomic<Int>(0)
    }

    @Test func aloneAtOnce() {
        let turn = SoleTurn(harts: 3)
        let place = turn.place(of: 1)
        place.enter()
        #expect(turn.begin(place))
        #expect(turn.place(of: 0).isWanted)
        place.end()
        place.leave()
        #expect(!turn.place(of: 0).isWanted)
    }

    /// Reads and writes that are no single step, by threads that look whether somebody wants to be alone.
    @Test(.timeLimit(.minutes(5)))
    func nobodyElseRuns() {
        let turn = SoleTurn(harts: 4)
        let cell = Cell()
        let rounds = 300
        DispatchQueue.concurrentPerform(iterations: 4) { index in
            let place = turn.place(of: index)
            for _ in 0..<rounds {
                place.enter()
                if place.isWanted { place.giveWay() }
                while !turn.begin(place) {}
                let old = cell.value
                for _ in 0..<100 where cell.value != old { cell.isDone.store(-1, ordering: .relaxed) }
                cell.value = old + 1
                place.end()
                if place.isWanted { place.giveWay() }
                place.leave()
            }
        }
        #expect(cell.value == 4 * rounds)
        #expect(cell.isDone.load(ordering: .relaxed) == 0)
    }

    /// One that does not come to rest is not waited for without end.
    @Test func aRunnerThatDoesNotStop() {
        let turn = SoleTurn(harts: 2)
        turn.place(of: 1).enter()
        let place = turn.place(of: 0)
        place.enter()
        #expect(!turn.begin(place))
        #expect(!place.isWanted)
    }
}
