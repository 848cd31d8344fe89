/// Synchronous causes, encoded as in `xcause`. Privileged ISA, tables of `mcause` and `scause` values with H.
package enum ExceptionCause: UInt64, CaseIterable, Sendable, BitwiseCopyable {
    case instructionAddressMisaligned = 0
    case instructionAccessFault = 1
    case illegalInstruction = 2
    case breakpoint = 3
    case loadAddressMisaligned = 4
    case loadAccessFault = 5
    case storeAddressMisaligned = 6
    case storeAccessFault = 7
    case environmentCallFromU = 8
    case environmentCallFromHS = 9
    case environmentCallFromVS = 10
    case environmentCallFromM = 11
    case instructionPageFault = 12
    case loadPageFault = 13
    case storePageFault = 15
    case doubleTrap = 16
    case instructionGuestPageFault = 20
    case loadGuestPageFault = 21
    case virtualInstruction = 22
    case storeGuestPageFault = 23

    /// The cause in the manual's words.
    package var name: String {
        switch self {
        case .instructionAddressMisaligned: "instruction address misaligned"
        case .instructionAccessFault: "instruction access fault"
        case .illegalInstruction: "illegal instruction"
        case .breakpoint: "breakpoint"
        case .loadAddressMisaligned: "load address misaligned"
        case .loadAccessFault: "load access fault"
        case .storeAddressMisaligned: "store/AMO address misaligned"
        case .storeAccessFault: "store/AMO access fault"
        case .environmentCallFromU: "environment call from U-mode or VU-mode"
        case .environmentCallFromHS: "environment call from HS-mode"
        case .environmentCallFromVS: "environment call from VS-mode"
        case .environmentCallFromM: "environment call from M-mode"
        case .instructionPageFault: "instruction page fault"
        case .loadPageFault: "load page fault"
        case .storePageFault: "store/AMO page fault"
        case .doubleTrap: "double trap"
        case .instructionGuestPageFault: "instruction guest-page fault"
        case .loadGuestPageFault: "load guest-page fault"
        case .virtualInstruction: "virtual instruction"
        case .storeGuestPageFault: "store/AMO guest-page fault"
        }
    }
}

/// Interrupt codes: bit numbers of `mip`, and the low bits of `xcause`.
package enum InterruptCause: UInt64, CaseIterable, Sendable, BitwiseCopyable {
    case supervisorSoftware = 1
    case virtualSupervisorSoftware = 2
    case machineSoftware = 3
    case supervisorTimer = 5
    case virtualSupervisorTimer = 6
    case machineTimer = 7
    case supervisorExternal = 9
    case virtualSupervisorExternal = 10
    case machineExternal = 11
    case supervisorGuestExternal = 12
    case counterOverflow = 13

    /// The interrupt's bit in `mip`, `mie`, `mideleg`, `hideleg`.
    @inlinable @inline(__always) package var mask: UInt64 { 1 &<< rawValue }

    /// Bit 63 of `xcause`.
    package static let causeFlag: UInt64 = 1 << 63

    /// The interrupt in the manual's words.
    package var name: String {
        switch self {
        case .supervisorSoftware: "supervisor software interrupt"
        case .virtualSupervisorSoftware: "virtual supervisor software interrupt"
        case .machineSoftware: "machine software interrupt"
        case .supervisorTimer: "supervisor timer interrupt"
        case .virtualSupervisorTimer: "virtual supervisor timer interrupt"
        case .machineTimer: "machine timer interrupt"
        case .supervisorExternal: "supervisor external interrupt"
        case .virtualSupervisorExternal: "virtual supervisor external interrupt"
        case .machineExternal: "machine external interrupt"
        case .supervisorGuestExternal: "supervisor guest external interrupt"
        case .counterOverflow: "counter overflow interrupt"
        }
    }
}

/// Sets of interrupts, as bits of `mip`.
package enum InterruptSet {
    package static let supervisor =
        InterruptCause.supervisorSoftware.mask | InterruptCause.supervisorTimer.mask
        | InterruptCause.supervisorExternal.mask
    package static let virtualSupervisor =
        InterruptCause.virtualSupervisorSoftware.mask | InterruptCause.virtualSupervisorTimer.mask
        | InterruptCause.virtualSupervisorExternal.mask
    package static let machine =
        InterruptCause.machineSoftware.mask | InterruptCause.machineTimer.mask | InterruptCause.machineExternal.mask
    /// VS-level and guest-external: `mideleg` bits that are read-only one with H. norm:mideleg_acc_h
    package static let alwaysDelegated = virtualSupervisor | InterruptCause.supervisorGuestExternal.mask
}
