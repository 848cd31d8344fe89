import Machine
import Testing

@Suite struct ExecutionEngineTests {
    /// Engines that are compared have to see the same time.
    @Test func lockstepNeedsTimeThatFollowsInstructions() throws {
        var program = PlainTestProgram([Encoding.spin])
        program.configure = { $0.engine = .lockstep }
        let error = try #require(throws: MachineError.self) {
            try program.make(on: MachineHost(clock: .host), CollectingConsole())
        }
        #expect(error.description.hasSuffix("engines can be compared only on a host whose clock follows instructions"))
    }
}
