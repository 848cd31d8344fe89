import Platform

/// What a hart can tell an observer of: what happens outside the engine's loop anyway, so that nobody pays for an event
/// that nobody wants.
package struct HartEvents: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let exception = HartEvents(rawValue: 1 << 0)
    package static let interrupt = HartEvents(rawValue: 1 << 1)
    package static let trapReturn = HartEvents(rawValue: 1 << 2)
    package static let csrWrite = HartEvents(rawValue: 1 << 3)
    package static let deviceAccess = HartEvents(rawValue: 1 << 4)
    /// Where the hart is, about once in a millisecond.
    package static let sample = HartEvents(rawValue: 1 << 5)
    /// An engine has translated code to the host's.
    package static let translation = HartEvents(rawValue: 1 << 6)
}

/// Told of events on the thread that runs the hart, after each has happened and before anything else does.
package protocol HartObserver: AnyObject, Sendable {
    /// What it is told of; a hart asks once.
    var hartEvents: HartEvents { get }

    func observe(_ event: HartEvent, on hart: Hart)
}

package enum HartEvent: Equatable, Sendable {
    case trap(TakenTrap)
    case trapReturn(TrapReturn)
    case csrWrite(CSRWrite)
    case deviceAccess(DeviceAccess)
    case sample(HartSample)
    case translation(TranslatedCode)
}

/// A trap was taken, whether the mode that took it is code or Swift.
package struct TakenTrap: Equatable, Sendable {
    package enum Entry: Equatable, Sendable {
        case ordinary
        /// That of Smrnmi, whose causes are the platform's.
        case nonMaskable
    }

    /// What the handler's cause register received.
    package var cause: UInt64
    package var entry = Entry.ordinary
    package var from: PrivilegeMode
    package var to: PrivilegeMode
    /// What the handler's `epc` received.
    package var pc: UInt64
    /// What `xtval` received.
    package var value: UInt64 = 0
    /// What `htval` or `mtval2` received, where the mode has it.
    package var secondValue: UInt64 = 0

    package var isInterrupt: Bool { cause & InterruptCause.causeFlag != 0 }

    /// The cause in the manual's words, where it has any.
    package var name: String? {
        let code = cause & ~InterruptCause.causeFlag
        switch (entry, isInterrupt) {
        case (.nonMaskable, true): return nil
        case (_, true): return InterruptCause(rawValue: code)?.name
        case (_, false): return ExceptionCause(rawValue: code)?.name
        }
    }
}

/// A trap's handler was left: by SRET, MRET or MNRET, or by Swift.
package struct TrapReturn: Equatable, Sendable {
    package var from: PrivilegeMode
    package var to: PrivilegeMode
    /// Where it goes on.
    package var pc: UInt64
}

/// An instruction wrote a CSR.
package struct CSRWrite: Equatable, Sendable {
    /// The register that was written: a VS CSR as itself.
    package var address: CSRAddress
    package var mode: PrivilegeMode
    package var pc: UInt64
    /// What the instruction would have had in it.
    package var written: UInt64
    /// What is in it now.
    package var value: UInt64
}

/// A load or store that a device answered.
package struct DeviceAccess: Equatable, Sendable {
    package enum Direction: Equatable, Sendable {
        case read
        case write
    }

    package var direction: Direction
    /// Physical to the machine's own board: a guest physical one, in a guest.
    package var address: UInt64
    package var width: AccessWidth
    package var value: UInt64

    package init(_ direction: Direction, _ address: UInt64, _ width: AccessWidth, _ value: UInt64) {
        self.direction = direction
        self.address = address
        self.width = width
        self.value = value & width.mask
    }
}

/// Guest code became code of the host.
package struct TranslatedCode: Equatable, Sendable {
    /// Where the guest executes it.
    package var pc: UInt64
    /// The addresses of the host's code.
    package var code: Range<UInt>

    package init(pc: UInt64, code: Range<UInt>) {
        self.pc = pc
        self.code = code
    }
}

extension Hart {
    @inline(__always) package func isObserved(_ events: HartEvents) -> Bool { !observed.isDisjoint(with: events) }

    /// For callers who have asked `isObserved`.
    @inline(never) package func tell(_ event: HartEvent) { configuration.observer?.observe(event, on: self) }
}
