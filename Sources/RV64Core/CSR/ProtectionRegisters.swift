/// One entry's configuration byte in `pmpcfg`n. norm:pmp_cfg_permissions
package struct ProtectionConfiguration: Equatable, Sendable, BitwiseCopyable {
    package var rawValue: UInt8
    package init(_ rawValue: UInt8) { self.rawValue = rawValue }

    package static let readMask: UInt8 = 1 << 0
    package static let writeMask: UInt8 = 1 << 1
    package static let executeMask: UInt8 = 1 << 2
    package static let matchingShift: UInt8 = 3
    package static let matchingMask: UInt8 = 0b11 << matchingShift
    package static let lockMask: UInt8 = 1 << 7
    package static let writableMask = readMask | writeMask | executeMask | matchingMask | lockMask
    /// All permissions on a power-of-two range, not locked.
    static let everything = readMask | writeMask | executeMask | 3 << matchingShift

    package var isReadable: Bool { rawValue & Self.readMask != 0 }
    package var isWritable: Bool { rawValue & Self.writeMask != 0 }
    package var isExecutable: Bool { rawValue & Self.executeMask != 0 }
    /// L. norm:pmp_l_bit_function
    package var isLocked: Bool { rawValue & Self.lockMask != 0 }
    package var matching: ProtectionMatching {
        switch (rawValue & Self.matchingMask) &>> Self.matchingShift {
        case 0: .off
        case 1: .topOfRange
        case 2: .naturallyAlignedFour
        // Two bits: 3.
        default: .naturallyAlignedPowerOfTwo
        }
    }

    /// A write of `value` over this entry. norm:pmp_l_bit_write_protection norm:pmp_rwx_warl
    func legalized(_ value: UInt8, _ security: SecurityConfiguration) -> Self {
        if isLocked, !security[.rlb] { return self }
        var result = Self(value & Self.writableMask)
        if security[.mml] { return result.letsMachineExecute && !security[.rlb] ? self : result }
        if result.isWritable, !result.isReadable {
            // The reserved combinations give nothing.
            result.rawValue &= ~(Self.readMask | Self.writeMask | Self.executeMask)
        }
        return result
    }

    /// Under MML, an entry that lets M-mode execute: M-mode-only with X, or a locked shared code region.
    /// norm:mseccfg_mml_X_restrict
    private var letsMachineExecute: Bool { lockedDownPermissions(.machine).contains(.execute) }

    /// What the entry grants while MML is clear. norm:pmp_l_bit_function
    func permissions(_ privilege: ProtectionPrivilege) -> PagePermissions {
        privilege == .machine && !isLocked ? .all : PagePermissions(rawValue: rawValue & 7)
    }

    /// What the entry grants while MML is set. norm:mml_truth_table
    func lockedDownPermissions(_ privilege: ProtectionPrivilege) -> PagePermissions {
        let isMachine = privilege == .machine
        switch (isLocked, isReadable, isWritable, isExecutable) {
        // Shared data.
        case (false, false, true, false): return isMachine ? [.read, .write] : .read
        case (false, false, true, true): return [.read, .write]
        case (true, true, true, true): return .read
        // Shared code.
        case (true, false, true, false): return .execute
        case (true, false, true, true): return isMachine ? [.read, .execute] : .execute
        // Three bits: M-mode-only if locked, else S/U-mode-only.
        default: return isLocked == isMachine ? PagePermissions(rawValue: rawValue & 7) : []
        }
    }
}

/// Whose accesses PMP judges.
enum ProtectionPrivilege {
    case machine
    case lower
}

/// The A field of a PMP entry.
package enum ProtectionMatching: UInt8, Sendable, CaseIterable {
    case off
    case topOfRange
    case naturallyAlignedFour
    case naturallyAlignedPowerOfTwo
}

/// The PMP entries of this hart; the others read as zero. norm:pmp_entry_count
package enum ProtectionEntries {
    package static let count = 16
    static let perRegister = 8
    /// Bits 55:2 of a physical address. norm:pmp_addr_encoding
    package static let addressMask: UInt64 = (1 << 54) - 1
}

extension Hart {
    /// The first entry of `pmpcfg0` or `pmpcfg2`: the numbers count by four entries. norm:pmp_cfg_rv64_layout
    private func firstEntry(of address: CSRAddress) -> Int { (address.index(from: .pmpcfg0) &* 4) & 8 }

    func protectionConfiguration(of address: CSRAddress) -> UInt64 {
        let first = firstEntry(of: address)
        var value: UInt64 = 0
        for offset in 0..<ProtectionEntries.perRegister {
            value |= UInt64(state.pointee.pmpcfg[first + offset]) &<< UInt64(8 * offset)
        }
        return value
    }

    func writeProtectionConfiguration(of address: CSRAddress, _ value: UInt64) {
        let first = firstEntry(of: address)
        for offset in 0..<ProtectionEntries.perRegister {
            let old = ProtectionConfiguration(state.pointee.pmpcfg[first + offset])
            let byte = UInt8(truncatingIfNeeded: value &>> UInt64(8 * offset))
            state.pointee.pmpcfg[first + offset] = old.legalized(byte, state.pointee.mseccfg).rawValue
        }
        flushTranslations()
    }

    func protectionAddress(_ entry: Int) -> UInt64 {
        entry < ProtectionEntries.count ? state.pointee.pmpaddr[entry & 15] : 0
    }

    /// norm:pmp_l_bit_write_protection
    func writeProtectionAddress(_ entry: Int, _ value: UInt64) {
        guard 0 <= entry, entry < ProtectionEntries.count else { return }
        let isBypassed = state.pointee.mseccfg[.rlb]
        if ProtectionConfiguration(state.pointee.pmpcfg[entry]).isLocked, !isBypassed { return }
        if !isBypassed, entry + 1 < ProtectionEntries.count {
            let next = ProtectionConfiguration(state.pointee.pmpcfg[entry + 1])
            if next.isLocked, next.matching == .topOfRange { return }
        }
        state.pointee.pmpaddr[entry] = value & ProtectionEntries.addressMask
        flushTranslations()
    }
}
