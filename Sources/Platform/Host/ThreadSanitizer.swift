import CLinux

/// ThreadSanitizer, in the builds that have it.
enum ThreadSanitizer {
    /// Says that threads may race for this memory, as harts and devices do for a guest's. It stays said, also when the
    /// memory is unmapped.
    static func expectRaces(for start: UnsafeMutableRawPointer, byteCount: Int) {
        expect_races(start, byteCount, "a guest races with itself")
    }
}
