import Testing

@testable import Machine

@Suite struct MemoryMapTests {
    @Test func regionsAreApartAndBelowRAM() {
        let ranges = MemoryMap.allDevices.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
        for (lower, upper) in zip(ranges, ranges.dropFirst()) { #expect(lower.upperBound <= upper.lowerBound) }
        #expect(ranges.allSatisfy { $0.upperBound <= MemoryMap.ramBase })
    }

    @Test func everyInterruptSourceHasOneDevice() {
        let sources = MemoryMap.allDevices.compactMap(\.interrupt)
        #expect(Set(sources).count == sources.count)
        #expect(sources.allSatisfy { (1...MemoryMap.plicSourceCount).contains($0) })
    }
}
