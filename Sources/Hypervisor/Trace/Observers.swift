import RV64Core

/// All observers of one machine.
package final class Observers: HartObserver, @unchecked Sendable {
    // @unchecked: `machine` is set once, before anything runs; the rest is immutable.

    /// What any of them wants.
    let events: ObservedEvents
    private let observers: [(events: ObservedEvents, observer: any Observer)]
    // Unowned: only a hart's turn tells, and whoever runs one holds the machine.
    private unowned var machine: (any ObservedMachine)?

    /// nil without observers: a machine that nobody observes has none of this.
    package init?(_ observers: [any Observer]) {
        guard !observers.isEmpty else { return nil }
        self.observers = observers.map { ($0.events, $0) }
        events = self.observers.reduce([]) { $0.union($1.events) }
    }

    package func connect(to machine: any ObservedMachine) { self.machine = machine }

    package var hartEvents: HartEvents { events.ofHart }

    package func observe(_ event: HartEvent, on hart: Hart) { tell(.hart(event), on: hart) }

    func tell(_ event: MachineEvent, on hart: Hart) {
        guard let machine else { return }
        let record = EventRecord(hart: Int(hart.configuration.id), nanoseconds: hart.nanoseconds, event: event)
        let kind = event.kind
        for (events, observer) in observers where events.contains(kind) { observer.observe(record, of: machine) }
    }
}
