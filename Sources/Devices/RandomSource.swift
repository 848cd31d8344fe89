import Platform

/// Where random bytes come from. Injected, so that a run that must repeat can seed it.
///
/// One that nobody can repeat saves nothing.
package protocol RandomSource: AnyObject, Sendable, Savable {
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

    package func save(to writer: inout StateWriter) {}
    package func restore(from reader: inout StateReader) throws(StateError) {}
}

/// The same bytes for the same seed (SplitMix64): for runs that must repeat, never for secrets.
package final class SeededRandomSource: RandomSource {
    private let guarded: Lock<SplitMix64>

    package init(seed: UInt64) { guarded = Lock(SplitMix64(state: seed)) }

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guarded.withLock { buffer.fill(from: &$0) }
    }

    package func save(to writer: inout StateWriter) { writer.write(guarded.withLock { $0.state }) }

    package func restore(from reader: inout StateReader) throws(StateError) {
        let state = try reader.read(UInt64.self)
        guarded.withLock { $0.state = state }
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
