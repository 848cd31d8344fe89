import Testing

@testable import RV64Core

/// The places that generated code will know.
@Suite struct HartAreaTests {
    @Test func places() throws {
        #expect(MemoryLayout<HartState>.offset(of: \.x) == 0)
        #expect(MemoryLayout<HartState>.offset(of: \.f) == 320)
        #expect(MemoryLayout<HartState>.offset(of: \.pc) == 576)
        #expect(HartArea.stateOffset == 0)
        #expect(MemoryLayout<RunState>.offset(of: \.data) == 0)
        #expect(MemoryLayout<RunState>.offset(of: \.fetch) == MemoryLayout<TLBBank>.stride)
        #expect(MemoryLayout<TLBBank>.offset(of: \.entries) == 24)
        #expect(MemoryLayout<TLBEntry>.size == 32)
        #expect(MemoryLayout<TLBEntry>.offset(of: \.readTag) == 0)
        #expect(MemoryLayout<TLBEntry>.offset(of: \.writeTag) == 8)
        #expect(MemoryLayout<TLBEntry>.offset(of: \.fetchTag) == 16)
        #expect(MemoryLayout<TLBEntry>.offset(of: \.addend) == 24)

        let hart = try TestMachine().hart
        let state = UInt(bitPattern: hart.state)
        #expect(UInt(bitPattern: hart.x) == state)
        #expect(UInt(bitPattern: hart.runState) == state + UInt(HartArea.runStateOffset))
        #expect(HartArea.runStateOffset % 64 == 0)
        #expect(HartArea.runStateOffset >= MemoryLayout<HartState>.size)
        #expect(HartArea.linesOffset % 64 == 0)
        #expect(HartArea.linesOffset >= HartArea.runStateOffset + MemoryLayout<RunState>.size)
        #expect(UInt(bitPattern: hart.lines) == state + UInt(HartArea.linesOffset))
        #expect(UInt(bitPattern: hart.guestExternalLines) == state + UInt(HartArea.guestExternalLinesOffset))
        #expect(HartArea.tlbOffset >= HartArea.guestExternalLinesOffset + MemoryLayout<UInt64>.size)
        hart.updateContext()
        let entries = UInt(bitPattern: hart.runState.pointee.data.entries)
        #expect(entries > state && entries < state + UInt(HartArea.byteCount))
    }

    /// Zeros are an empty bank: no address, not even one of the first page, has a tag of zero.
    @Test func zerosAreEmpty() throws {
        let hart = try TestMachine().hart
        hart.flushTranslations()
        hart.updateContext()
        for address in [0, 1, 0xFFF, 0x1000, ~0 as UInt64] {
            for kind in [AccessKind.fetch, .load, .store] {
                #expect(hart.runState.pointee.data.location(of: address, kind) == nil)
            }
            #expect(TLBEntry.tag(address) != TLBEntry.invalid)
        }
    }

    /// The slices of a hart grow and shrink with its speed, by at most a factor of two.
    @Test func pace() {
        var pace = Pace()
        var (tick, retired) = (UInt64(1000), UInt64(0))
        func next(after ticks: UInt64, _ executed: UInt64) -> Int {
            tick += ticks
            retired += executed
            return pace.slice(at: tick, retired: retired)
        }
        #expect(next(after: 0, 0) == 8192)
        #expect(next(after: 80, 8192) == 16384)
        #expect(next(after: 160, 16384) == 16384)
        #expect(next(after: 1_000_000, 16384) == 8192)
        // Too few instructions to say anything.
        #expect(next(after: 160, 10) == 8192)
        pace.interrupt()
        #expect(next(after: 1, 8192) == 8192)
        for _ in 0..<40 { _ = next(after: 1, 1 << 20) }
        #expect(next(after: 1, 1 << 20) == 1 << 20)
        for _ in 0..<40 { _ = next(after: 100_000, 1 << 20) }
        #expect(next(after: 100_000, 1 << 20) == 2048)
    }
}
