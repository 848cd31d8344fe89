/// The five privilege modes of a hart with the H-extension. V is part of the mode, never a flag beside it.
///
/// Privileged ISA, "Hypervisor Extension", section "Privilege Modes".
package enum PrivilegeMode: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case user = 0
    case supervisor = 1
    case machine = 3
    case virtualUser = 4
    case virtualSupervisor = 5

    /// V: a guest is running and two-stage translation is in effect.
    @inline(__always) package var isVirtual: Bool { rawValue & 4 != 0 }

    /// The nominal privilege, encoded as in `xPP`: U and VU 0, HS and VS 1, M 3.
    @inline(__always) package var nominal: UInt64 { UInt64(rawValue & 3) }

    /// U or VU.
    @inline(__always) package var isUser: Bool { rawValue & 3 == 0 }

    /// The mode with a nominal privilege (0, 1 or 3) and V. M-mode ignores V.
    @inline(__always)
    package init(nominal: UInt64, virtualization: Virtualization) {
        switch (nominal & 3, virtualization) {
        case (0, .off): self = .user
        case (0, .on): self = .virtualUser
        case (1, .off): self = .supervisor
        case (1, .on): self = .virtualSupervisor
        // Two bits: 3, and the 2 that no mode has.
        default: self = .machine
        }
    }

    package var name: String {
        switch self {
        case .user: "U"
        case .supervisor: "HS"
        case .machine: "M"
        case .virtualUser: "VU"
        case .virtualSupervisor: "VS"
        }
    }
}

/// The virtualization mode V.
package enum Virtualization: Sendable {
    case off
    case on

    @inline(__always) package init(_ isOn: Bool) { self = isOn ? .on : .off }
}
