import Hypervisor
import Testing

@Suite struct TimerAndIPITests {
    @Test(arguments: [0, 1, 1 << 40, .max] as [UInt64])
    func setTimer(_ deadline: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(EID.timer, 0, deadline) == .success())
        #expect(environment.events == [.setTimer(deadline)])
    }

    struct Mask: Sendable {
        let mask: UInt64
        let base: UInt64
        /// Nil for `SBI_ERR_INVALID_PARAM`.
        let harts: [Int]?
        init(_ mask: UInt64, _ base: UInt64, _ harts: [Int]?) {
            self.mask = mask
            self.base = base
            self.harts = harts
        }
    }

    /// "Hart list parameter", on a machine of 70 harts.
    @Test(arguments: [
        Mask(0b1, 0, [0]), Mask(0b1011, 0, [0, 1, 3]), Mask(0b101, 64, [64, 66]), Mask(0b11, 68, [68, 69]),
        Mask(1 << 63, 0, [63]), Mask(1 << 63, 6, [69]),
        // The base ignores the mask.
        Mask(0, .max, Array(0..<70)), Mask(.max, .max, Array(0..<70)),
        // No hart need exist where no bit is set.
        Mask(0, 0, []), Mask(0, 70, []), Mask(0, .max - 1, []),
        // One hart too many, harts far away, and hartids that wrap round.
        Mask(0b111, 68, nil), Mask(0b1, 70, nil), Mask(1 << 63, 7, nil), Mask(0b1, .max - 1, nil),
        Mask(0b100, .max - 1, nil), Mask(0b10, 1 << 63, nil), Mask(.max, 32, nil),
    ])
    func hartMasks(_ row: Mask) {
        let environment = RecordingEnvironment(harts: 70)
        let outcome = environment.call(EID.ipi, 0, row.mask, row.base)
        #expect(outcome == (row.harts == nil ? .failure(.invalidParameter) : .success()))
        let expected = row.harts.flatMap { $0.isEmpty ? nil : $0 }
        #expect(environment.events == (expected.map { [.sendIPI($0)] } ?? []))

        // RFENCE reads its masks in the same way.
        let other = RecordingEnvironment(harts: 70)
        #expect(other.call(EID.remoteFence, 0, row.mask, row.base) == outcome)
        #expect(other.events == (expected.map { [.fence(.instruction, $0)] } ?? []))
    }
}
