import Platform
import TestSupport
import Testing

@testable import RV64Core

/// Fences for one address against a model that knows the size of every page: nothing stale stays, and nothing else goes.
@Suite struct OnePageFenceTests {
    private struct Entry {
        let address: UInt64
        let shift: UInt64
    }

    /// In few regions, so that pages share indexes and superpages.
    private static func address(_ random: inout SplitMix64) -> UInt64 {
        let parts: [(mask: UInt64, shift: UInt64)] = [(3, 39), (3, 30), (7, 21), (0x1F, 12), (0xFFF, 0)]
        return parts.reduce(0) { $0 | (random.next() & $1.mask) << $1.shift }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func fenceDropsThePageAlone(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let machine = try TestMachine()
        // Fences have nothing to do in a bank without a first stage.
        machine.hart.writeCSR(.satp, 8 << 60 | TestMachine.base >> 12)
        machine.state.pointee.mode = .supervisor
        machine.hart.updateContext()
        let bank = machine.hart.runState.pointee.data
        let shifts: [UInt64] = seed & 1 == 0 ? [12] : [12, 12, 12, 16, 21, 30, 39]
        for _ in 0..<200 {
            var model: [Int: Entry] = [:]
            for _ in 0..<random.next() % 64 {
                let address = Self.address(&random) & ~0xFFF
                let shift = shifts[Int(random.next() % UInt64(shifts.count))]
                bank.enter(address, machine.memory.host, [.read, .write], pageShift: shift)
                model[TLBBank.index(address)] = Entry(address: address, shift: shift)
            }
            let fenced = Self.address(&random)
            machine.hart.perform(.supervisor(address: fenced, asid: nil))
            for entry in model.values {
                let isStale = (entry.address ^ fenced) >> entry.shift == 0
                let isThere = bank.location(of: entry.address, .load) != nil
                #expect(isThere == !isStale, "\(entry), fence of \(fenced)")
            }
            machine.hart.perform(.supervisor(address: nil, asid: nil))
            for entry in model.values { #expect(bank.location(of: entry.address, .load) == nil) }
        }
    }
}
