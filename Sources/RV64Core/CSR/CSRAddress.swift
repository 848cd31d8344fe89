/// The 12-bit address of a control and status register. Privileged ISA, "CSR Listing".
package struct CSRAddress: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    package let rawValue: UInt16

    @inline(__always) package init(rawValue: UInt16) { self.rawValue = rawValue & 0xfff }
    @inline(__always) package init(_ rawValue: UInt16) { self.init(rawValue: rawValue) }

    /// Bits 11:10 are 0b11. norm:Zicsr_rw
    @inline(__always) package var isReadOnly: Bool { rawValue >> 10 == 0b11 }

    /// Bits 9:8, the lowest privilege that may access the register. norm:Zicsr_access
    @inline(__always) package var level: CSRLevel { CSRLevel(bits: rawValue >> 8) }

    /// The register's number from the first one of its family, for `pmpaddr`, `mhpmcounter` and the like.
    @inline(__always) package func index(from first: CSRAddress) -> Int { Int(rawValue) &- Int(first.rawValue) }

    /// The register `offset` places after this one.
    @inline(__always) package func advanced(by offset: Int) -> CSRAddress {
        CSRAddress(UInt16(truncatingIfNeeded: Int(rawValue) &+ offset))
    }
}

/// The lowest privilege level that may access a CSR, as its address encodes it.
package enum CSRLevel: UInt8, Sendable, CaseIterable {
    case user = 0
    case supervisor = 1
    /// Hypervisor CSRs and VS CSRs.
    case hypervisor = 2
    case machine = 3

    @inline(__always) init(bits: UInt16) {
        self =
            switch bits & 3 {
            case 0: .user
            case 1: .supervisor
            case 2: .hypervisor
            default: .machine
            }
    }
}

// MARK: - Unprivileged

extension CSRAddress {
    package static let fflags = CSRAddress(0x001)
    package static let frm = CSRAddress(0x002)
    package static let fcsr = CSRAddress(0x003)
    package static let seed = CSRAddress(0x015)
    package static let cycle = CSRAddress(0xc00)
    package static let time = CSRAddress(0xc01)
    package static let instret = CSRAddress(0xc02)
    package static let hpmcounter3 = CSRAddress(0xc03)
    package static let hpmcounter31 = CSRAddress(0xc1f)
}

// MARK: - Supervisor

extension CSRAddress {
    package static let sstatus = CSRAddress(0x100)
    package static let sie = CSRAddress(0x104)
    package static let stvec = CSRAddress(0x105)
    package static let scounteren = CSRAddress(0x106)
    package static let senvcfg = CSRAddress(0x10a)
    package static let sstateen0 = CSRAddress(0x10c)
    package static let sstateen3 = CSRAddress(0x10f)
    package static let sscratch = CSRAddress(0x140)
    package static let sepc = CSRAddress(0x141)
    package static let scause = CSRAddress(0x142)
    package static let stval = CSRAddress(0x143)
    package static let sip = CSRAddress(0x144)
    package static let stimecmp = CSRAddress(0x14d)
    package static let satp = CSRAddress(0x180)
    package static let scountovf = CSRAddress(0xda0)
}

// MARK: - Hypervisor and virtual supervisor

extension CSRAddress {
    package static let hstatus = CSRAddress(0x600)
    package static let hedeleg = CSRAddress(0x602)
    package static let hideleg = CSRAddress(0x603)
    package static let hie = CSRAddress(0x604)
    package static let htimedelta = CSRAddress(0x605)
    package static let hcounteren = CSRAddress(0x606)
    package static let hgeie = CSRAddress(0x607)
    package static let henvcfg = CSRAddress(0x60a)
    package static let hstateen0 = CSRAddress(0x60c)
    package static let hstateen3 = CSRAddress(0x60f)
    package static let htval = CSRAddress(0x643)
    package static let hip = CSRAddress(0x644)
    package static let hvip = CSRAddress(0x645)
    package static let htinst = CSRAddress(0x64a)
    package static let hgatp = CSRAddress(0x680)
    package static let hgeip = CSRAddress(0xe12)

    package static let vsstatus = CSRAddress(0x200)
    package static let vsie = CSRAddress(0x204)
    package static let vstvec = CSRAddress(0x205)
    package static let vsscratch = CSRAddress(0x240)
    package static let vsepc = CSRAddress(0x241)
    package static let vscause = CSRAddress(0x242)
    package static let vstval = CSRAddress(0x243)
    package static let vsip = CSRAddress(0x244)
    package static let vstimecmp = CSRAddress(0x24d)
    package static let vsatp = CSRAddress(0x280)
}

// MARK: - Machine

extension CSRAddress {
    package static let mvendorid = CSRAddress(0xf11)
    package static let marchid = CSRAddress(0xf12)
    package static let mimpid = CSRAddress(0xf13)
    package static let mhartid = CSRAddress(0xf14)
    package static let mconfigptr = CSRAddress(0xf15)

    package static let mstatus = CSRAddress(0x300)
    package static let misa = CSRAddress(0x301)
    package static let medeleg = CSRAddress(0x302)
    package static let mideleg = CSRAddress(0x303)
    package static let mie = CSRAddress(0x304)
    package static let mtvec = CSRAddress(0x305)
    package static let mcounteren = CSRAddress(0x306)
    package static let menvcfg = CSRAddress(0x30a)
    package static let mstateen0 = CSRAddress(0x30c)
    package static let mstateen3 = CSRAddress(0x30f)
    package static let mcountinhibit = CSRAddress(0x320)
    package static let mcyclecfg = CSRAddress(0x321)
    package static let minstretcfg = CSRAddress(0x322)
    package static let mhpmevent3 = CSRAddress(0x323)
    package static let mhpmevent31 = CSRAddress(0x33f)
    package static let mscratch = CSRAddress(0x340)
    package static let mepc = CSRAddress(0x341)
    package static let mcause = CSRAddress(0x342)
    package static let mtval = CSRAddress(0x343)
    package static let mip = CSRAddress(0x344)
    package static let mtinst = CSRAddress(0x34a)
    package static let mtval2 = CSRAddress(0x34b)
    package static let pmpcfg0 = CSRAddress(0x3a0)
    package static let pmpcfg2 = CSRAddress(0x3a2)
    package static let pmpcfg14 = CSRAddress(0x3ae)
    package static let pmpaddr0 = CSRAddress(0x3b0)
    package static let pmpaddr63 = CSRAddress(0x3ef)
    package static let tselect = CSRAddress(0x7a0)
    package static let tinfo = CSRAddress(0x7a4)
    package static let mnscratch = CSRAddress(0x740)
    package static let mnepc = CSRAddress(0x741)
    package static let mncause = CSRAddress(0x742)
    package static let mnstatus = CSRAddress(0x744)
    package static let mseccfg = CSRAddress(0x747)
    package static let mcycle = CSRAddress(0xb00)
    package static let minstret = CSRAddress(0xb02)
    package static let mhpmcounter3 = CSRAddress(0xb03)
    package static let mhpmcounter31 = CSRAddress(0xb1f)
}

// MARK: - Ranges

extension CSRAddress {
    /// Whether the address lies in a numbered family, both ends included.
    @inline(__always)
    static func ~= (range: ClosedRange<CSRAddress>, address: CSRAddress) -> Bool {
        range.lowerBound.rawValue <= address.rawValue && address.rawValue <= range.upperBound.rawValue
    }
}

extension CSRAddress: Comparable {
    @inline(__always)
    package static func < (left: CSRAddress, right: CSRAddress) -> Bool { left.rawValue < right.rawValue }
}
