/// `mhpmevent`n, and `mcyclecfg` and `minstretcfg`, which have its filter bits alone.
package struct CounterConfiguration: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == CounterConfiguration {
    /// Overflow status, and interrupt disable. norm:mhpmevent_of_op
    package static var of: Self { Self(bit: 63) }
    package static var minh: Self { Self(bit: 62) }
    package static var sinh: Self { Self(bit: 61) }
    package static var uinh: Self { Self(bit: 60) }
    package static var vsinh: Self { Self(bit: 59) }
    package static var vuinh: Self { Self(bit: 58) }
}

extension Field where Register == CounterConfiguration {
    /// The event selector.
    package static var event: Self { Self(55, 0) }
}

extension CounterConfiguration {
    /// The filter bits of the modes that the hart has. norm:unimplemented_mode_bits
    package static func filterMask(_ extensions: ExtensionSet) -> UInt64 {
        let always = Flag<Self>.minh.mask | Flag<Self>.sinh.mask | Flag<Self>.uinh.mask
        return extensions.contains(.h) ? always | Flag<Self>.vsinh.mask | Flag<Self>.vuinh.mask : always
    }

    /// The bit that stops a counter while the hart is in a mode. norm:mhpmevent_inh_op
    static func filter(_ mode: PrivilegeMode) -> UInt64 {
        switch mode {
        case .machine: Flag<Self>.minh.mask
        case .supervisor: Flag<Self>.sinh.mask
        case .user: Flag<Self>.uinh.mask
        case .virtualSupervisor: Flag<Self>.vsinh.mask
        case .virtualUser: Flag<Self>.vuinh.mask
        }
    }

    /// A value written to `mhpmevent`n: a selector that names no event becomes "no event". norm:mhpmevent_sz_warl_op
    static func legalizedEvent(_ value: UInt64, _ extensions: ExtensionSet) -> Self {
        var result = Self(value)
        let event = HardwareEvent(selector: result[.event]) ?? .noEvent
        let mask = extensions.contains(.sscofpmf) ? filterMask(extensions) | Flag<Self>.of.mask : 0
        result.rawValue &= mask
        result[.event] = event.selector
        return result
    }
}

/// What a programmable counter can count. norm:mhpmevent_enc
///
/// Events that SBI's performance-monitoring extension names have its event index as selector.
package enum HardwareEvent: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case noEvent
    /// One per retired instruction, as in `mcycle`.
    case cycles
    case instructions
    /// Loads, stores and fetches whose translation was not in the TLB.
    case loadTranslationMiss
    case storeTranslationMiss
    case fetchTranslationMiss
    /// Walks of one table: the first stage, the G-stage, or the G-stage for an entry of the first.
    case pageTableWalk
    case exception
    case interrupt
    /// Traps from VS or VU that leave virtualization.
    case guestExit
    /// Runs of instructions that were decoded anew.
    case blockDecoded

    package var selector: UInt64 {
        switch self {
        case .noEvent: 0
        case .cycles: 1
        case .instructions: 2
        case .loadTranslationMiss: 0x1_0019
        case .storeTranslationMiss: 0x1_001b
        case .fetchTranslationMiss: 0x1_0021
        case .pageTableWalk: 0x100
        case .exception: 0x101
        case .interrupt: 0x102
        case .guestExit: 0x103
        case .blockDecoded: 0x104
        }
    }

    package init?(selector: UInt64) {
        guard let found = Self.allCases.first(where: { $0.selector == selector }) else { return nil }
        self = found
    }

    /// The event's place in `HartState.countedEvents`.
    @inline(__always) var mask: UInt64 { 1 &<< UInt64(rawValue) }

    /// An event of the hart's caches, not of the program: engines differ in it.
    var isOfCaches: Bool {
        switch self {
        case .loadTranslationMiss, .storeTranslationMiss, .fetchTranslationMiss, .pageTableWalk, .blockDecoded: true
        case .noEvent, .cycles, .instructions, .exception, .interrupt, .guestExit: false
        }
    }

    /// The miss that a translation for `kind` begins with.
    static func translationMiss(_ kind: AccessKind) -> Self {
        switch kind {
        case .fetch: .fetchTranslationMiss
        case .load: .loadTranslationMiss
        case .store: .storeTranslationMiss
        }
    }
}
