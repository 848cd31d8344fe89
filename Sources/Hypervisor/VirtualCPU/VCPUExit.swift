import Platform
import RV64Core

/// Why a guest's hart is in HS-mode: decoded from the CSRs that trap entry wrote, as HS software would.
package enum VCPUExit: Equatable, Sendable {
    case environmentCall
    case guestPageFault(GuestPageFault)
    /// An instruction that VS-mode may not execute but HS-mode may; the encoding.
    case virtualInstruction(UInt64)
    /// Any other exception of the guest: it is the guest's own to handle.
    case exception(ExceptionCause, value: UInt64)
    case interrupt(InterruptCause)
    /// A cause that delegation makes impossible: a defect of ours, reported as such.
    case unexpected(cause: UInt64)

    /// - Parameter state: the hart's, in HS-mode after a trap.
    // Inlined: a call would be handed a copy of the whole state, 3 % of a trap to the hypervisor and back.
    @inline(__always)
    package init(_ state: borrowing RV64Core.HartState) {
        let scause = state.scause
        let code = scause & ~InterruptCause.causeFlag
        guard scause & InterruptCause.causeFlag == 0 else {
            self = InterruptCause(rawValue: code).map { .interrupt($0) } ?? .unexpected(cause: scause)
            return
        }
        let isFromGuest = state.hstatus[.spv]
        guard let cause = ExceptionCause(rawValue: code), isFromGuest else {
            self = .unexpected(cause: state.scause)
            return
        }
        switch cause {
        case .environmentCallFromVS: self = .environmentCall
        case .virtualInstruction: self = .virtualInstruction(state.stval)
        case .instructionGuestPageFault: self = .guestPageFault(GuestPageFault(state, .fetch))
        case .loadGuestPageFault: self = .guestPageFault(GuestPageFault(state, .load))
        case .storeGuestPageFault: self = .guestPageFault(GuestPageFault(state, .store))
        case .environmentCallFromHS, .environmentCallFromM: self = .unexpected(cause: state.scause)
        case .instructionAddressMisaligned, .instructionAccessFault, .instructionPageFault, .illegalInstruction,
            .breakpoint, .loadAddressMisaligned, .loadAccessFault, .loadPageFault, .storeAddressMisaligned,
            .storeAccessFault, .storePageFault, .environmentCallFromU, .doubleTrap:
            self = .exception(cause, value: state.stval)
        }
    }

    /// The name under which exits of this kind are counted.
    package var name: String { Self.name(ofKind: kind) }
}

/// A guest-page fault as HS software sees it.
package struct GuestPageFault: Equatable, Sendable {
    package let kind: AccessKind
    /// From `htval`, whose unit is four bytes, and the low bits of `stval`.
    package let address: GuestPhysicalAddress
    package let virtualAddress: UInt64
    /// `htinst`: a transformed instruction, a pseudoinstruction, or zero.
    package let instruction: UInt64

    init(_ state: borrowing RV64Core.HartState, _ kind: AccessKind) {
        self.kind = kind
        address = GuestPhysicalAddress(state.htval << 2 | state.stval & 3)
        virtualAddress = state.stval
        instruction = state.htinst
    }

    /// The guest's page-table walk faulted, not its instruction's own access.
    package var isImplicit: Bool {
        instruction == TransformedInstruction.implicitRead || instruction == TransformedInstruction.implicitWrite
    }
}

extension ExceptionCause {
    init(guestPageFault kind: AccessKind) {
        switch kind {
        case .fetch: self = .instructionGuestPageFault
        case .load: self = .loadGuestPageFault
        case .store: self = .storeGuestPageFault
        }
    }

    /// What the guest gets where it accessed nothing: there is neither RAM nor a device.
    init(accessFault kind: AccessKind) {
        switch kind {
        case .fetch: self = .instructionAccessFault
        case .load: self = .loadAccessFault
        case .store: self = .storeAccessFault
        }
    }
}
