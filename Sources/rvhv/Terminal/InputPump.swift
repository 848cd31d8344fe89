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
struct InputPump {
    /// What may wait for one guest. Keys beyond it are lost; a pipe is not read meanwhile.
    static let limit = 4096
    private static let shortestDelay: UInt64 = 10_000_000
    /// A guest that does not listen is not to cost the host anything.
    private static let longestDelay: UInt64 = 160_000_000

    private let guests: [any GuestInput]
    private var waiting: [[UInt8]]
    private var delay = shortestDelay
    /// When to offer the waiting bytes again; `.max` for never.
    private(set) var retryDeadline: UInt64 = .max

    init(guests: [any GuestInput]) {
        self.guests = guests
        waiting = guests.map { _ in [] }
    }

    /// Whether bytes wait for some guest.
    var isBackedUp: Bool { waiting.contains { !$0.isEmpty } }

    mutating func send(_ bytes: [UInt8], to index: Int, at now: UInt64) {
        guard guests.indices.contains(index) else { return }
        waiting[index] += bytes.prefix(Self.limit - waiting[index].count)
        offer(at: now)
    }

    /// Offers the waiting bytes again, now that a guest has room or time has passed.
    mutating func offer(at now: UInt64) {
        var hasProgressed = false
        for index in guests.indices where !waiting[index].isEmpty {
            let taken = min(max(0, guests[index].offer(waiting[index])), waiting[index].count)
            waiting[index].removeFirst(taken)
            if taken > 0 { hasProgressed = true }
        }
        delay = hasProgressed ? Self.shortestDelay : min(delay * 2, Self.longestDelay)
        retryDeadline = isBackedUp ? now + delay : .max
    }
}
