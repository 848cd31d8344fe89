import Synchronization

/// What other threads ask of a running hart: each makes `run` return `.requested` soon. The owner takes them all at once
/// and does what they say.
package struct HartRequests: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Something outside has changed (a wire, an interrupt): look again before going on.
    package static let wake = HartRequests(rawValue: 1 << 0)
    /// Fences of another hart wait in the inbox.
    package static let fence = HartRequests(rawValue: 1 << 1)
    /// The machine pauses: the hart is to stand still until it is resumed.
    package static let pause = HartRequests(rawValue: 1 << 2)
    /// The machine stops: the hart is not to run again.
    package static let stop = HartRequests(rawValue: 1 << 3)
}

extension Hart {
    /// Asks the hart for something, from any thread.
    package func request(_ wanted: HartRequests) {
        requests.bitwiseOr(wanted.rawValue, ordering: .sequentiallyConsistent)
    }

    /// What has been asked for and not been taken.
    package var pendingRequests: HartRequests {
        HartRequests(rawValue: requests.load(ordering: .sequentiallyConsistent))
    }

    /// Takes what has been asked for; what is asked from here on is seen next time.
    @discardableResult
    package func takeRequests() -> HartRequests {
        HartRequests(rawValue: requests.exchange(0, ordering: .sequentiallyConsistent))
    }
}
