import Testing

@testable import rvhv

/// With the guests' own time, what is shown depends on what they write and when, and not on when the host looks.
@Suite struct GuestTimeTests {
    private struct Random {
        var state: UInt64

        mutating func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
    }

    private enum Looks {
        case never
        case often
    }

    /// Two guests write parts of lines at times of their own, and somebody looks for what is due, or does not.
    private func output(seed: UInt64, looks: Looks, columns: (@Sendable () -> Int)?) -> String {
        let (output, time) = (RecordingSink(), TestTime())
        let multiplexer = ConsoleMultiplexer(
            guests: ["a", "b", "c"],
            output: output,
            diagnostics: RecordingSink(),
            style: ScreenStyle(terminalColumns: columns, diagnostics: .sameScreen),
            timeSource: .guests,
            now: time.now
        )
        var (random, hostRandom) = (Random(state: seed), Random(state: seed &+ 99))
        for _ in 0..<300 {
            let guest = Int(random.next(3))
            multiplexer.consoles[guest].write(["word ", "more\n", "x"][Int(random.next(3))])
            var pause = random.next(150_000_000)
            switch looks {
            case .never: time.advance(pause)
            case .often:
                while pause > 0 {
                    let step = 1 + hostRandom.next(pause)
                    time.advance(step)
                    pause -= step
                    multiplexer.showDue()
                }
            }
        }
        for console in multiplexer.consoles.reversed() { console.end() }
        return output.text
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func lookingChangesNothing(seed: UInt64) {
        let text = output(seed: seed, looks: .never, columns: nil)
        #expect(text == output(seed: seed, looks: .often, columns: nil))
        // Some line of the first guest was shown before its end.
        #expect(text.split(separator: "\n").contains { $0.hasPrefix("a | ") && !$0.hasSuffix("more") })
        let screen = output(seed: seed, looks: .never, columns: { 80 })
        #expect(screen == output(seed: seed, looks: .often, columns: { 80 }))
    }
}
