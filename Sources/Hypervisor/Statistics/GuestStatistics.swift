/// What one guest cost and asked for, counted over its whole run.
public struct GuestStatistics: Equatable, Sendable {
    /// How often one cause brought the guest into the hypervisor, and how long that took.
    public struct ExitCount: Equatable, Sendable {
        /// The trap's name, as in `scause`'s table.
        public var cause: String
        /// How often.
        public var count: UInt64
        /// Time in the hypervisor, from the trap to the return.
        public var seconds: Double

        package init(cause: String, count: UInt64, seconds: Double) {
            self.cause = cause
            self.count = count
            self.seconds = seconds
        }
    }

    /// How often the guest made one SBI call.
    public struct CallCount: Equatable, Sendable {
        /// Extension and function.
        public var name: String
        /// How often.
        public var count: UInt64

        package init(name: String, count: UInt64) {
            self.name = name
            self.count = count
        }
    }

    /// The guest's name.
    public var name: String
    /// How many harts it has.
    public var harts: Int
    /// From the guest's start to its end.
    public var wallSeconds: Double
    /// Instructions retired by all harts.
    public var instructions: UInt64
    /// Sum over all harts.
    public var secondsInGuest: Double
    /// Sum over all harts, without the time parked in WFI.
    public var secondsInHypervisor: Double
    /// Why it left for the hypervisor, most frequent first.
    public var exits: [ExitCount]
    /// What it asked of the SBI, most frequent first.
    public var sbiCalls: [CallCount]
    /// SBI calls answered with SBI_ERR_NOT_SUPPORTED because no such extension or function exists.
    public var unknownSBICalls: UInt64

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
