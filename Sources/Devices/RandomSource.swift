import Platform

/// Where random bytes come from. Injected, so that a run that must repeat can seed it.
package protocol RandomSource: AnyObject, Sendable {
    func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

extension RandomSource {
    /// Sixteen bits: what an entropy source of the Zkr extension gives at a time.
    package var bits: UInt16 {
        var result: UInt16 = 0
        withUnsafeMutableBytes(of: &result) { fill($0) }
        return result
    }
}

/// The host's random generator.
package final class HostRandomSource: RandomSource {
    package init() {}

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        var generator = SystemRandomNumberGenerator()
        buffer.fill(from: &generator)
    }
}

/// The same bytes for the same seed (SplitMix64): for runs that must repeat, never for secrets.
package final class SeededRandomSource: RandomSource {
    /// All there is to save.
    package struct State: Codable, Equatable, Sendable {
        package var seed: UInt64
    }

    private let guarded: Lock<State>

    package init(state: State) { guarded = Lock(state) }

    package convenience init(seed: UInt64) { self.init(state: State(seed: seed)) }

    package var state: State { guarded.withLock { $0 } }

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guarded.withLock { state in
            var generator = SplitMix64(state: state.seed)
            buffer.fill(from: &generator)
            state.seed = generator.state
        }
    }
}

private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func fill(from generator: inout some RandomNumberGenerator) {
        var index = startIndex
        while index < endIndex {
            let word = generator.next().littleEndian
            withUnsafeBytes(of: word) { bytes in
                for byte in bytes.prefix(endIndex - index) {
                    self[index] = byte
                    index += 1
                }
            }
        }
    }
}
