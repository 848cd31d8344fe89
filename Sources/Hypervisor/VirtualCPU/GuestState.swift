import Platform
import RV64Core

/// The HS-level and M-level CSRs that make a hart a guest's: what HS software writes before its first SRET.
enum GuestState {
    /// Exceptions that the guest handles without us: its own calls and page faults. Access faults and guest-page faults
    /// come to HS; illegal instructions where somebody wants to see them.
    private static let delegatedExceptions: [ExceptionCause] = [
        .instructionAddressMisaligned, .breakpoint, .loadAddressMisaligned, .storeAddressMisaligned,
        .environmentCallFromU, .instructionPageFault, .loadPageFault, .storePageFault,
    ]

    /// Who is told of an illegal instruction first.
    enum IllegalInstructions {
        /// The guest.
        case delegated
        /// HS, which tells an observer and gives it to the guest.
        case observed
    }

    private static func delegation(_ illegalInstructions: IllegalInstructions) -> UInt64 {
        let always = delegatedExceptions.reduce(UInt64(0)) { $0 | 1 << $1.rawValue }
        return switch illegalInstructions {
        case .delegated: always | 1 << ExceptionCause.illegalInstruction.rawValue
        case .observed: always
        }
    }

    /// Those of `hedeleg` that the guest may have delegated or not.
    static let misalignedExceptions: UInt64 =
        1 << ExceptionCause.loadAddressMisaligned.rawValue | 1 << ExceptionCause.storeAddressMisaligned.rawValue

    /// Resets the hart and sets it up to enter VS-mode by SRET at `sepc`. `offered` is what the guest may use; the hart
    /// itself has more, for the hypervisor.
    static func prepare(
        _ hart: Hart,
        offered: ExtensionSet,
        addressSpace: GuestAddressSpace,
        illegalInstructions: IllegalInstructions
    ) {
        hart.reset()
        // What other harts wrote while this one was off may be code.
        hart.synchronizeInstructionFetch()
        // What firmware would do: everything to HS, everything allowed.
        hart.writeCSR(.medeleg, ~0)
        hart.writeCSR(.mideleg, ~0)
        hart.writeCSR(.mcounteren, ~0)
        hart.writeCSR(.menvcfg, allowed.rawValue)
        hart.writeCSR(.mseccfg, offered.contains(.zkr) ? Flag<SecurityConfiguration>.sseed.mask : 0)
        // Linux without a PMU leaves it as firmware did, and programs read the time without a system call.
        hart.writeCSR(.scounteren, CounterSet.cycle | CounterSet.time | CounterSet.instret)
        hart.writeCSR(.pmpaddr0, ~0)
        hart.writeCSR(.pmpcfg0, 0x1F)
        for index in 0..<4 { hart.writeCSR(.mstateen0.advanced(by: index), ~0) }

        // What the hypervisor does.
        hart.writeCSR(.hedeleg, delegation(illegalInstructions))
        hart.writeCSR(.hideleg, InterruptSet.virtualSupervisor)
        hart.writeCSR(.hcounteren, ~0)
        hart.writeCSR(.henvcfg, environment(offered).rawValue)
        for index in 0..<4 { hart.writeCSR(.hstateen0.advanced(by: index), ~0) }
        hart.writeCSR(.hgatp, addressSpace.root.rawValue)
        hart.writeCSR(.vstimecmp, ~0)
        // Our own timer, for guests without Sstc.
        hart.writeCSR(.stimecmp, ~0)
        hart.writeCSR(.sie, InterruptCause.supervisorTimer.mask)
        // FS is the guest's to switch on, but only vsstatus can be off for it: HS leaves it on.
        hart.state.pointee.mstatus[.fs] = 3

        hart.state.pointee.mode = .supervisor
        hart.state.pointee.hstatus[.spv] = true
        hart.state.pointee.hstatus[.spvp] = true
        hart.state.pointee.mstatus[.spp] = true
    }

    /// What the hypervisor itself needs of a hart: virtualization, and a timer of its own for guests without one.
    static let ownExtensions: ExtensionSet = [.h, .sstc]

    /// All that the hart has for the level below. Masked pointers are no such thing: they would be HS's own. Nor are
    /// counters delegated to HS, which would take `scountovf` from the guest.
    private static var allowed: EnvironmentConfiguration {
        var environment = EnvironmentConfiguration(~0)
        environment[.pmm] = PointerMasking.off
        environment[.cde] = false
        return environment
    }

    /// Everything the guest is offered but what software that does not know of it would stumble over: SDT, which every
    /// trap sets, and masked pointers. SBI's firmware features switch those on.
    ///
    /// Offered both ways of keeping A and D bits, it starts with the one that faults, as the device-tree binding of the
    /// two says.
    private static func environment(_ offered: ExtensionSet) -> EnvironmentConfiguration {
        var environment = allowed
        environment[.dte] = false
        environment[.stce] = offered.contains(.sstc)
        environment[.adue] = offered.contains(.svadu) && !offered.contains(.svade)
        return environment
    }

    /// What outlives a non-retentive suspend: what interrupts are pending, enabled and timed, or the hart would lose
    /// what woke it, and the firmware features, as SBI says.
    struct Retained {
        private let delegatedExceptions: UInt64
        private let environment: UInt64
        private let pending: UInt64
        private let enabled: UInt64
        private let guestTimer: UInt64
        private let ownTimer: UInt64

        init(of hart: Hart) {
            delegatedExceptions = hart.readCSR(.hedeleg)
            environment = hart.readCSR(.henvcfg)
            pending = hart.readCSR(.hvip)
            enabled = hart.readCSR(.hie)
            guestTimer = hart.readCSR(.vstimecmp)
            ownTimer = hart.readCSR(.stimecmp)
        }

        func restore(to hart: Hart) {
            hart.writeCSR(.hedeleg, delegatedExceptions)
            hart.writeCSR(.henvcfg, environment)
            hart.writeCSR(.hvip, pending)
            hart.writeCSR(.hie, enabled)
            hart.writeCSR(.vstimecmp, guestTimer)
            hart.writeCSR(.stimecmp, ownTimer)
        }
    }
}
