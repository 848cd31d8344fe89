import Platform

/// The privilege modes whose software is Swift: a trap into one of them makes `Hart.run` return.
package struct HostedModes: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let machine = HostedModes(rawValue: 1)
    package static let supervisor = HostedModes(rawValue: 2)

    /// Nothing hosted: a plain machine.
    package static let bare: HostedModes = []
    /// The built-in hypervisor: M and HS are Swift, guests run in VS and VU.
    package static let virtualized: HostedModes = [.machine, .supervisor]

    package func contains(_ mode: PrivilegeMode) -> Bool {
        switch mode {
        case .machine: contains(HostedModes.machine)
        case .supervisor: contains(HostedModes.supervisor)
        case .user, .virtualUser, .virtualSupervisor: false
        }
    }
}

/// The widest first-stage page table that `satp` and `vsatp` accept; the G-stage follows with its x4 form.
public enum PagingLimit: UInt64, Sendable, CaseIterable {
    case sv39 = 8
    case sv48 = 9
    case sv57 = 10
}

/// What a hart is built from.
package struct HartConfiguration: Sendable {
    package var id: UInt64
    package var extensions: ExtensionSet
    package var hostedModes: HostedModes
    package var pagingLimit: PagingLimit
    package var entropy: EntropySource
    /// Without vectors of their own, RNMIs go where other traps to M-mode go.
    package var nonMaskableVectors: NonMaskableVectors?
    /// Bytes of RAM whose stores go to the bus: a mailbox that a device must see being written. Loads find RAM.
    package var mailbox: Range<UInt64>
    /// Shared by the harts of a machine that has several.
    package var soleTurn: SoleTurn?
    /// Makes what executes the guest's code; without it, the interpreter does.
    package var makeEngine: (@Sendable () -> (any Engine)?)?
    /// Told of what the hart does.
    package var observer: (any HartObserver)?

    package init(
        id: UInt64 = 0,
        extensions: ExtensionSet,
        hostedModes: HostedModes = .bare,
        pagingLimit: PagingLimit = .sv57,
        entropy: EntropySource = .host,
        nonMaskableVectors: NonMaskableVectors? = nil,
        mailbox: Range<UInt64> = 0..<0,
        soleTurn: SoleTurn? = nil,
        observer: (any HartObserver)? = nil,
        makeEngine: (@Sendable () -> (any Engine)?)? = nil
    ) {
        self.id = id
        self.extensions = extensions
        self.hostedModes = hostedModes
        self.pagingLimit = pagingLimit
        self.entropy = entropy
        self.nonMaskableVectors = nonMaskableVectors
        self.mailbox = mailbox
        self.soleTurn = soleTurn
        self.makeEngine = makeEngine
        self.observer = observer
    }
}
