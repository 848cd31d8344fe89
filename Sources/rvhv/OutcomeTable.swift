import Platform

/// The guests' outcomes, as their threads report them.
final class OutcomeTable: Sendable {
    private let table: Lock<[GuestOutcome]>

    init(count: Int) { table = Lock(Array(repeating: .interrupted, count: count)) }

    var outcomes: [GuestOutcome] { table.withLock { $0 } }

    func set(_ outcome: GuestOutcome, at index: Int) { table.withLock { $0[index] = outcome } }
}
