import Platform

extension Hart {
    /// What PMP grants on `[address, address + count)` at a nominal privilege, or nil where it differs inside.
    ///
    /// Privileged ISA, "Physical Memory Protection": the lowest-numbered entry that matches any byte decides, and it
    /// must match all bytes. norm:pmp_entry_priority norm:pmp_full_match_required norm:mseccfg_mmwp_op_warl
    @inline(__always)
    func physicalProtection(at address: UInt64, count: UInt64, privilege: UInt64) -> PagePermissions? {
        isUnprotected ? .all : matchedProtection(at: address, count: count, privilege: privilege)
    }

    /// The first entry grants everything everywhere: what software writes that wants no protection.
    private var isUnprotected: Bool {
        state.pointee.pmpcfg[0] == ProtectionConfiguration.everything
            && state.pointee.pmpaddr[0] & PMPRange.allAddresses == PMPRange.allAddresses
            && !state.pointee.mseccfg[.mml]
    }

    private func matchedProtection(at address: UInt64, count: UInt64, privilege: UInt64) -> PagePermissions? {
        let last = address &+ (count &- 1)
        let security = state.pointee.mseccfg
        let level: ProtectionPrivilege = privilege == 3 ? .machine : .lower
        var lowerBound: UInt64 = 0
        for index in 0..<16 {
            let configuration = state.pointee.pmpcfg[index]
            let bound = state.pointee.pmpaddr[index]
            let range = PMPRange(configuration: configuration, address: bound, lowerBound: lowerBound)
            lowerBound = bound &<< 2
            guard let range, range.first <= last, address <= range.last else { continue }
            guard range.first <= address, last <= range.last else { return nil }
            let entry = ProtectionConfiguration(configuration)
            return security[.mml] ? entry.lockedDownPermissions(level) : entry.permissions(level)
        }
        guard level == .machine, !security[.mmwp] else { return [] }
        // norm:mseccfg_mml_exec_code: without a matching entry, not even M-mode executes.
        return security[.mml] ? [.read, .write] : .all
    }

    /// Whether PMP allows one access.
    func isPermitted(_ kind: AccessKind, at address: UInt64, count: UInt64, privilege: UInt64) -> Bool {
        physicalProtection(at: address, count: count, privilege: privilege)?.allows(kind) ?? false
    }
}

/// The bytes that one PMP entry matches, both ends included.
private struct PMPRange {
    let first: UInt64
    let last: UInt64

    /// The bits of `pmpaddr` that, all set, make a NAPOT range of every physical address.
    static let allAddresses: UInt64 = (1 << 53) - 1

    init?(configuration: UInt8, address: UInt64, lowerBound: UInt64) {
        switch configuration >> 3 & 3 {
        case 1:  // TOR
            guard lowerBound < address &<< 2 else { return nil }
            first = lowerBound
            last = (address &<< 2) &- 1
        case 2:  // NA4
            first = address &<< 2
            last = first | 3
        case 3:  // NAPOT: trailing ones give the size
            let ones = UInt64((~address).trailingZeroBitCount)
            let size = ones >= 61 ? ~0 : (8 &<< ones) &- 1
            first = (address &<< 2) & ~size
            last = first | size
        // Two bits: OFF.
        default: return nil
        }
    }
}
