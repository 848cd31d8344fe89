/// One row of the CSR listing: all that is known of a register, or of a numbered family, without looking at a hart.
/// Privileged ISA, "CSR Listing".
package struct CSRRow: Sendable {
    package let addresses: ClosedRange<CSRAddress>
    /// The name, without the number that a member of a family has behind it.
    private let stem: String
    /// The number of a family's first member.
    private let firstNumber: Int?
    package let presence: CSRPresence
    package let gate: CSRGate
    /// The VS CSR that takes this supervisor CSR's place while V=1. norm:H_vscsrs_sub norm:H_scsrs_nomatch
    package let virtualSubstitute: CSRAddress?

    init(
        _ address: CSRAddress,
        _ name: String,
        _ presence: CSRPresence = .always,
        _ gate: CSRGate = .none,
        vs virtualSubstitute: CSRAddress? = nil
    ) {
        addresses = address...address
        stem = name
        firstNumber = nil
        self.presence = presence
        self.gate = gate
        self.virtualSubstitute = virtualSubstitute
    }

    /// Registers that differ by a number in their names.
    init(
        _ addresses: ClosedRange<CSRAddress>,
        _ stem: String,
        from firstNumber: Int,
        _ presence: CSRPresence = .always,
        _ gate: CSRGate = .none
    ) {
        self.addresses = addresses
        self.stem = stem
        self.firstNumber = firstNumber
        self.presence = presence
        self.gate = gate
        virtualSubstitute = nil
    }

    package func name(of address: CSRAddress) -> String {
        guard let firstNumber else { return stem }
        return "\(stem)\(firstNumber + address.index(from: addresses.lowerBound))"
    }

    /// The extensions of which one must be there; of those of the hypervisor level, H must be there besides.
    package var providers: ExtensionSet {
        if case .anyOf(let providers) = presence { return providers }
        return []
    }

    /// Whether a hart with these extensions has the register.
    package func exists(_ address: CSRAddress, with extensions: ExtensionSet) -> Bool {
        if address.level == .hypervisor, !extensions.contains(.h) { return false }
        return switch presence {
        case .always: true
        case .anyOf(let providers): extensions.subtracting(providers) != extensions
        case .evenNumbers: address.rawValue & 1 == 0
        case .absent: false
        }
    }
}

/// Who brings a register.
package enum CSRPresence: Equatable, Sendable {
    /// The privileged architecture itself.
    case always
    case anyOf(ExtensionSet)
    /// The odd numbers of the family are RV32's. norm:pmp_cfg_rv64_illegal
    case evenNumbers
    /// An extension that no hart of this package has: the register is here for its name.
    case absent

    static func by(_ providers: ISAExtension...) -> Self { .anyOf(ExtensionSet(providers)) }
}

/// What, beside the privilege level of the address, decides an access.
package enum CSRGate: UInt8, Sendable, BitwiseCopyable {
    case none
    /// `fcsr` and its parts: FS must not be Off.
    case floatingPoint
    /// `cycle`, `time`, `instret`, `hpmcounter`n: bit n of the counter-enable registers.
    case counter
    /// `stimecmp` and `vstimecmp`: TM of the counter-enable registers and STCE.
    case timerCompare
    /// `satp`: TVM and VTVM.
    case supervisorTranslation
    /// `hgatp`: TVM.
    case guestTranslation
    /// `senvcfg` and `henvcfg`: ENVCFG of `mstateen0` and `hstateen0`.
    case environmentConfiguration
    /// `sstateen`n and `hstateen`n: bit 63 of the stateen registers above.
    case stateEnable
    /// `seed`: SSEED and USEED, and never a read alone.
    case entropy
    /// `siselect` and `vsiselect`: CSRIND of `mstateen0` and `hstateen0`.
    case indirectSelect
    /// `mireg`*, `sireg`* and `vsireg`*: CSRIND, and what the select register beside them holds.
    case indirectAlias
    /// `scountinhibit`: CDE.
    case counterDelegation
    /// `scountovf`: CDE, for guests.
    case counterOverflow
}

extension CSRAddress {
    /// The register's row, or nil for a number that no ratified extension uses.
    package var row: CSRRow? {
        let index = CSRTable.indices[Int(rawValue)]
        return index < 0 ? nil : CSRTable.rows[Int(index)]
    }

    /// The register's name in the CSR listing.
    package var name: String? { row?.name(of: self) }

    /// Whether a hart of this package can have the register.
    package var isImplemented: Bool { row?.exists(self, with: ISAConfiguration.implemented.closure) ?? false }
}

/// What one hart's access check asks of the rows: a byte for each address.
struct CSRDirectory: Sendable {
    private var entries: [CSREntry]

    private static let made = PerExtensionSet { CSRDirectory(having: $0) }

    init(_ extensions: ExtensionSet) { self = Self.made[extensions] }

    private init(having extensions: ExtensionSet) {
        entries = [CSREntry](repeating: .absent, count: 1 << 12)
        for row in CSRTable.rows {
            for number in row.addresses.lowerBound.rawValue...row.addresses.upperBound.rawValue
            where row.exists(CSRAddress(number), with: extensions) {
                entries[Int(number)] = CSREntry(row.gate, hasSubstitute: row.virtualSubstitute != nil)
            }
        }
    }

    @inline(__always) subscript(address: CSRAddress) -> CSREntry { entries[Int(address.rawValue)] }
}

/// A register's gate, and whether a VS CSR takes its place.
struct CSREntry: Sendable, BitwiseCopyable {
    private let bits: UInt8

    private static let substituteMask: UInt8 = 0x80
    private static let gateMask: UInt8 = 0x7F
    static let absent = CSREntry(bits: gateMask)

    private init(bits: UInt8) { self.bits = bits }

    init(_ gate: CSRGate, hasSubstitute: Bool) { bits = gate.rawValue | (hasSubstitute ? Self.substituteMask : 0) }

    /// Nil where the hart has no register.
    @inline(__always) var gate: CSRGate? { CSRGate(rawValue: bits & Self.gateMask) }

    /// What is really accessed at `address` while V=1.
    @inline(__always)
    func effectiveAddress(_ address: CSRAddress) -> CSRAddress {
        bits & Self.substituteMask != 0 ? address.virtualSubstitute : address
    }
}
