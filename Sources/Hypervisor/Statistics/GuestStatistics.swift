/// What one guest cost and asked for, counted over its whole run.
package struct GuestStatistics: Equatable, Sendable {
    /// How often one cause brought the guest into the hypervisor, and how long that took.
    package struct ExitCount: Equatable, Sendable {
        package var cause: String
        package var count: UInt64
        /// Time in the hypervisor, from the trap to the return.
        package var seconds: Double

        package init(cause: String, count: UInt64, seconds: Double) {
            self.cause = cause
            self.count = count
            self.seconds = seconds
        }
    }

    /// How often the guest made one SBI call.
    package struct CallCount: Equatable, Sendable {
        package var name: String
        package var count: UInt64

        package init(name: String, count: UInt64) {
            self.name = name
            self.count = count
        }
    }

    package var name: String
    package var harts: Int
    /// From the guest's start to its end.
    package var wallSeconds: Double
    /// Instructions retired by all harts.
    package var instructions: UInt64
    /// Sum over all harts.
    package var secondsInGuest: Double
    /// Sum over all harts, without the time parked in WFI.
    package var secondsInHypervisor: Double
    package var exits: [ExitCount]
    package var sbiCalls: [CallCount]
    /// SBI calls answered with SBI_ERR_NOT_SUPPORTED because no such extension or function exists.
    package var unknownSBICalls: UInt64

    package init(
        name: String,
        harts: Int = 1,
        wallSeconds: Double = 0,
        instructions: UInt64 = 0,
        secondsInGuest: Double = 0,
        secondsInHypervisor: Double = 0,
        exits: [ExitCount] = [],
        sbiCalls: [CallCount] = [],
        unknownSBICalls: UInt64 = 0
    ) {
        self.name = name
        self.harts = harts
        self.wallSeconds = wallSeconds
        self.instructions = instructions
        self.secondsInGuest = secondsInGuest
        self.secondsInHypervisor = secondsInHypervisor
        self.exits = exits
        self.sbiCalls = sbiCalls
        self.unknownSBICalls = unknownSBICalls
    }
}
