/// A guest's console, from the side of whoever types.
protocol GuestInput: AnyObject, Sendable {
    /// Takes as many of the first bytes as the guest has room for, and says how many. A guest that has ended takes all.
    func offer(_ bytes: [UInt8]) -> Int
}

/// A guest, from the side of whoever watches it.
protocol GuestControl: AnyObject, Sendable {
    var name: String { get }

    /// What the guest does, in a few words.
    var statusLine: String { get }

    /// Pauses a guest that runs, or lets it go on; says what it does now.
    func togglePause() -> String

    /// Asks the guest to stop, without waiting for it.
    func requestStop()
}

/// Holds what guests have no room for yet. Used by one thread.
///
/// A terminal cannot be searched for Ctrl-A without being read, so some of what is typed or pasted is read ahead of the
/// guest. Beyond `lookAhead` the terminal is left alone, and whoever pastes waits, as long as the guest takes something
/// now and then: a command behind the paste is seen when its turn comes. A guest that takes nothing at all would hide
/// it for good; so after `patience` reading goes on, up to `limit`. Only what comes after that is lost.
struct InputPump {
    /// While less waits for a guest, keys are read as they come, and a command among them is seen at once.
    static let lookAhead = 1 << 20
    /// The most that is kept for a guest that takes nothing.
    static let limit = 16 << 20
    /// How long a guest may take nothing before it counts as one that does not listen.
    static let patience: UInt64 = 1_000_000_000
    /// What a guest is offered at once: more than any console takes.
    private static let offerSize = 8192
    private static let shortestDelay: UInt64 = 10_000_000
    /// A guest that does not listen is not to cost the host anything.
    private static let longestDelay: UInt64 = 160_000_000

    private let guests: [any GuestInput]
    private var waiting: [ByteQueue]
    /// When the guest last took something, or had nothing to take.
    private var lastTaken: [UInt64]
    private var delay = shortestDelay
    /// When to offer the waiting bytes again; `.max` for never.
    private(set) var retryDeadline: UInt64 = .max

    init(guests: [any GuestInput]) {
        self.guests = guests
        waiting = guests.map { _ in ByteQueue() }
        lastTaken = guests.map { _ in 0 }
    }

    /// Whether bytes wait for some guest.
    var isBackedUp: Bool { waiting.contains { !$0.isEmpty } }

    /// Whether a terminal whose keys go to this guest is to be read now.
    func readsKeys(for index: Int, at now: UInt64) -> Bool {
        guard guests.indices.contains(index), waiting[index].count >= Self.lookAhead else { return true }
        return now &- lastTaken[index] >= Self.patience
    }

    /// Offers the bytes to a guest, after those that wait already.
    ///
    /// - Returns: how many are lost because too many wait.
    @discardableResult mutating func send(_ bytes: [UInt8], to index: Int, at now: UInt64) -> Int {
        guard guests.indices.contains(index) else { return 0 }
        if waiting[index].isEmpty { lastTaken[index] = now }
        let kept = bytes.prefix(Self.limit - waiting[index].count)
        waiting[index].append(kept)
        offer(at: now)
        return bytes.count - kept.count
    }

    /// Offers the waiting bytes again, now that a guest has room or time has passed.
    mutating func offer(at now: UInt64) {
        var hasProgressed = false
        for index in guests.indices {
            while !waiting[index].isEmpty {
                let bytes = waiting[index].first(Self.offerSize)
                let taken = min(max(0, guests[index].offer(bytes)), bytes.count)
                waiting[index].removeFirst(taken)
                if taken > 0 {
                    hasProgressed = true
                    lastTaken[index] = now
                }
                if taken < bytes.count { break }
            }
        }
        delay = hasProgressed ? Self.shortestDelay : min(delay * 2, Self.longestDelay)
        retryDeadline = isBackedUp ? now + delay : .max
    }
}

/// Bytes in the order they came. Taking some costs as much as they are, however many wait.
private struct ByteQueue {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    func first(_ maximum: Int) -> [UInt8] { Array(bytes[start...].prefix(maximum)) }

    mutating func append(_ more: ArraySlice<UInt8>) { bytes += more }

    mutating func removeFirst(_ amount: Int) {
        start += amount
        if start == bytes.count {
            self = ByteQueue()
        } else if start > bytes.count / 2 {
            bytes.removeFirst(start)
            start = 0
        }
    }
}
