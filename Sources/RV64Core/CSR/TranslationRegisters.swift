/// `satp` and `vsatp`: mode, ASID and root of a first-stage page table.
package struct SATP: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Field where Register == SATP {
    package static var ppn: Self { Self(43, 0) }
    package static var asid: Self { Self(59, 44) }
    package static var mode: Self { Self(63, 60) }
}

/// `hgatp`: mode, VMID and root of the G-stage page table.
package struct HGATP: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Field where Register == HGATP {
    package static var ppn: Self { Self(43, 0) }
    package static var vmid: Self { Self(57, 44) }
    package static var mode: Self { Self(63, 60) }
}

/// `menvcfg`, `henvcfg` and `senvcfg`: what the next lower modes are given.
package struct EnvironmentConfiguration: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == EnvironmentConfiguration {
    package static var fiom: Self { Self(bit: 0) }
    package static var cbcfe: Self { Self(bit: 6) }
    package static var cbze: Self { Self(bit: 7) }
    /// Double-trap enable (Ssdbltrp).
    package static var dte: Self { Self(bit: 59) }
    /// Hardware updates of the A and D bits (Svadu).
    package static var adue: Self { Self(bit: 61) }
    /// Page-based memory types (Svpbmt).
    package static var pbmte: Self { Self(bit: 62) }
    /// Supervisor timer compare (Sstc).
    package static var stce: Self { Self(bit: 63) }
}

extension Field where Register == EnvironmentConfiguration {
    package static var cbie: Self { Self(5, 4) }
    /// Pointer masking of the next lower mode.
    package static var pmm: Self { Self(33, 32) }
}
