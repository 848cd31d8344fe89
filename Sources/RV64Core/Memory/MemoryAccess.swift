/// What an access does; AMOs and SC count as stores. Decides which of three exceptions a fault becomes.
package enum AccessKind: UInt8, Sendable, BitwiseCopyable {
    case fetch
    case load
    case store
}

/// The four ways in which an access can fail; with an `AccessKind` they name an exception.
enum AccessFault {
    case misaligned
    case access
    case page
    case guestPage
}

extension ExceptionCause {
    /// The one mapping from failed accesses to causes.
    init(_ fault: AccessFault, _ kind: AccessKind) {
        switch (fault, kind) {
        case (.misaligned, .fetch): self = .instructionAddressMisaligned
        case (.misaligned, .load): self = .loadAddressMisaligned
        case (.misaligned, .store): self = .storeAddressMisaligned
        case (.access, .fetch): self = .instructionAccessFault
        case (.access, .load): self = .loadAccessFault
        case (.access, .store): self = .storeAccessFault
        case (.page, .fetch): self = .instructionPageFault
        case (.page, .load): self = .loadPageFault
        case (.page, .store): self = .storePageFault
        case (.guestPage, .fetch): self = .instructionGuestPageFault
        case (.guestPage, .load): self = .loadGuestPageFault
        case (.guestPage, .store): self = .storeGuestPageFault
        }
    }

    /// The same fault of a store.
    var asStore: Self {
        for fault in [.misaligned, .access, .page, .guestPage] as [AccessFault] where self == Self(fault, .load) {
            return Self(fault, .store)
        }
        return self
    }
}

/// What a page grants, in one context, without further checks.
struct PagePermissions: OptionSet, Sendable, BitwiseCopyable {
    let rawValue: UInt8
    static let read = PagePermissions(rawValue: 1)
    static let write = PagePermissions(rawValue: 2)
    static let execute = PagePermissions(rawValue: 4)
    static let all: PagePermissions = [.read, .write, .execute]

    @inline(__always)
    func allows(_ kind: AccessKind) -> Bool {
        switch kind {
        case .fetch: contains(.execute)
        case .load: contains(.read)
        case .store: contains(.write)
        }
    }
}

/// Everything besides the address that decides how an access is translated; a bank of the TLB holds one of these.
package struct TranslationContext: Equatable, Sendable, BitwiseCopyable {
    /// The effective mode: MPRV, and SPVP for HLV and HSV, are already applied.
    var mode: PrivilegeMode
    var flags: Flags
    /// The first stage's root: `vsatp` when the mode is virtual, else `satp`. Zero (Bare) in M-mode.
    var firstStage: SATP
    /// The G-stage's root, zero unless the mode is virtual.
    var guestStage: HGATP

    @inline(__always)
    package static func == (a: Self, b: Self) -> Bool {
        a.mode == b.mode && a.flags.rawValue == b.flags.rawValue && a.firstStage.rawValue == b.firstStage.rawValue
            && a.guestStage.rawValue == b.guestStage.rawValue
    }

    /// Whether there is anything that a fence of the first stage orders.
    var hasFirstStage: Bool { firstStage[.mode] != 0 }

    struct Flags: OptionSet, Sendable, BitwiseCopyable {
        let rawValue: UInt8
        /// Supervisor may access user pages (SUM).
        static let supervisorUserMemory = Flags(rawValue: 1)
        /// Executable pages are readable in the first stage (MXR).
        static let executableReadable = Flags(rawValue: 2)
        /// Executable pages are readable in the G-stage: only the HS-level MXR has this effect.
        static let guestExecutableReadable = Flags(rawValue: 4)
        /// HLVX: execute permission takes the place of read permission.
        static let readsAsExecute = Flags(rawValue: 8)
        /// Pointer masking: the top of an address is ignored.
        static let ignoresSevenBits = Flags(rawValue: 16)
        static let ignoresSixteenBits = Flags(rawValue: 32)
        static let ignoring: Flags = [.ignoresSevenBits, .ignoresSixteenBits]
    }
}
