import Hypervisor
import Testing

@Suite struct DebugConsoleTests {
    private let base = RecordingEnvironment.ramBase
    private let size = RecordingEnvironment.ramSize

    @Test func write() {
        let environment = RecordingEnvironment()
        environment.ram.replaceSubrange(0x10..<0x15, with: Array("hello".utf8))
        #expect(environment.call(EID.debugConsole, 0, 5, base + 0x10, 0) == .success(5))
        #expect(environment.events == [.write(Array("hello".utf8))])
    }

    @Test func writeIsPartialWhenTheConsoleIsFull() {
        let environment = RecordingEnvironment()
        environment.outputCapacity = 3
        #expect(environment.call(EID.debugConsole, 0, 5, base, 0) == .success(3))
        environment.outputCapacity = 0
        #expect(environment.call(EID.debugConsole, 0, 5, base, 0) == .success(0))
    }

    @Test func writeIsPartialAboveTheLimit() {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.debugConsole, 0, size, base, 0) == .success(0x1000))
        #expect(environment.events == [.write([UInt8](repeating: 0, count: 0x1000))])
    }

    @Test func read() {
        let environment = RecordingEnvironment()
        environment.input = Array("keys".utf8)
        #expect(environment.call(EID.debugConsole, 1, 3, base + size - 3, 0) == .success(3))
        #expect(environment.ram.suffix(4) == [0] + Array("key".utf8))
        #expect(environment.call(EID.debugConsole, 1, 3, base, 0) == .success(1))
        #expect(environment.ram.prefix(2) == [UInt8(ascii: "s"), 0])
        #expect(environment.call(EID.debugConsole, 1, 3, base, 0) == .success(0))
        #expect(environment.ram.prefix(2) == [UInt8(ascii: "s"), 0])
    }

    @Test func readIsPartialAboveTheLimit() {
        let environment = RecordingEnvironment()
        environment.input = [UInt8](repeating: 7, count: Int(size))
        #expect(environment.call(EID.debugConsole, 1, size, base, 0) == .success(0x1000))
        #expect(environment.input?.count == Int(size) - 0x1000)
    }

    @Test(arguments: [0, 1] as [UInt64])
    func noBytes(_ function: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.debugConsole, function, 0, 0, 0) == .success(0))
        #expect(environment.events.isEmpty)
    }

    /// Memory that is not all RAM moves nothing: no output, and no input lost.
    @Test(
        arguments: [0, 1] as [UInt64],
        [
            (1, 0x7FFF_FFFF, 0), (2, 0x7FFF_FFFF, 0), (1, 0x8002_0000, 0), (2, 0x8001_FFFF, 0), (1, 0x1000_0000, 0),
            (0x2_0001, 0x8000_0000, 0), (.max, 0x8000_0000, 0), (.max, 1, 0), (1, .max, 0), (1, 0x8000_0000, 1),
            (1, 0x8000_0000, .max),
        ] as [(UInt64, UInt64, UInt64)]
    )
    func invalidMemory(_ function: UInt64, _ memory: (count: UInt64, low: UInt64, high: UInt64)) {
        let environment = RecordingEnvironment()
        environment.input = [1, 2, 3]
        let outcome = environment.call(EID.debugConsole, function, memory.count, memory.low, memory.high)
        #expect(outcome == .failure(.invalidParameter))
        #expect(environment.events.isEmpty)
        #expect(environment.input == [1, 2, 3])
    }

    /// The byte is the low eight bits.
    @Test(arguments: [0x41, 0xFFFF_FFFF_FFFF_FF41] as [UInt64])
    func writeByte(_ value: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.debugConsole, 2, value) == .success(0))
        #expect(environment.events == [.write([0x41])])
    }

    @Test func consoleErrors() {
        let environment = RecordingEnvironment()
        environment.outputCapacity = nil
        environment.input = nil
        #expect(environment.call(EID.debugConsole, 0, 1, base, 0) == .failure(.failed))
        #expect(environment.call(EID.debugConsole, 1, 1, base, 0) == .failure(.failed))
        #expect(environment.call(EID.debugConsole, 2, 1) == .failure(.failed))
    }
}
