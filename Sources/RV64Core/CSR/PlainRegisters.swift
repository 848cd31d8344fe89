import Platform

/// A CSR that is a word of the hart's state: reading it has no effect, and writing it none but on the word.
package struct PlainRegister: BitwiseCopyable {
    /// The word's place in `HartState`, in bytes.
    package let offset: Int
    /// The bits that a write sets, all others being zero; nil where a write is more than that.
    package let writable: UInt64?

    fileprivate init(_ field: KeyPath<HartState, UInt64>, writable: UInt64 = ~0) {
        offset = MemoryLayout<HartState>.distance(of: field)
        self.writable = writable
    }

    private init(offset: Int) {
        self.offset = offset
        writable = nil
    }

    fileprivate static func read<Value>(_ field: KeyPath<HartState, Value>) -> Self {
        Self(offset: MemoryLayout<HartState>.distance(of: field))
    }
}

/// A status register: more than a word, but the changes that trap handlers and critical sections make have few effects
/// beside.
package struct StatusWord: BitwiseCopyable {
    package let offset: Int
    /// The bits that a read shows, SD apart.
    package let view: UInt64
    /// The bits that a write may change, and those of them whose change has no effect but by `decides`.
    package let writable: UInt64
    package let simple: UInt64
    /// Set, it forbids to set the interrupt enable; zero where the hart has none such.
    package let trapDisable: UInt64
    package let decides: Decision
    package static let fs = Field<SStatus>.fs.mask
    package static let sd = Flag<SStatus>.sd.mask
    package static let interruptEnable = Flag<SStatus>.sie.mask

    /// What the mode in which it is accessed goes by, in the register: interrupts and FS, if anything.
    package enum Decision: BitwiseCopyable {
        case nothing
        case all
        /// FS with that of the other status register, which has the same place there.
        case allBeside(offset: Int)
    }

    fileprivate init(of extensions: ExtensionSet) {
        offset = MemoryLayout<HartState>.distance(of: \.mstatus)
        view = SStatus.viewMask & ~Self.sd
        writable = SStatus.writableMask(extensions)
        simple = writable & MStatus.unobtrusiveMask
        trapDisable = writable & Flag<SStatus>.sdt.mask
        decides = .all
    }

    fileprivate init(ofGuestsOf extensions: ExtensionSet, from mode: PrivilegeMode) {
        offset = MemoryLayout<HartState>.distance(of: \.vsstatus)
        view = ~Self.sd
        writable = SStatus.writableMask(extensions)
        trapDisable = writable & Flag<SStatus>.sdt.mask
        simple = mode == .supervisor ? writable & ~trapDisable : writable & MStatus.unobtrusiveMask
        decides = mode.isVirtual ? .allBeside(offset: MemoryLayout<HartState>.distance(of: \.mstatus)) : .nothing
    }
}

extension Hart {
    /// What an instruction executed in `mode` finds at a CSR address, for those who translate it; nil where that takes
    /// more than a word. Neither changes while the hart lives.
    package func plainRegister(at address: CSRAddress, from mode: PrivilegeMode) -> PlainRegister? {
        switch plainAddress(address, from: mode) {
        case .sscratch: PlainRegister(\.sscratch)
        case .sepc: PlainRegister(\.sepc, writable: legalizedProgramCounter(~0))
        case .scause: PlainRegister(\.scause)
        case .stval: PlainRegister(\.stval)
        case .vsscratch: PlainRegister(\.vsscratch)
        case .vsepc: PlainRegister(\.vsepc, writable: legalizedProgramCounter(~0))
        case .vscause: PlainRegister(\.vscause)
        case .vstval: PlainRegister(\.vstval)
        case .mscratch: PlainRegister(\.mscratch)
        case .mepc: PlainRegister(\.mepc, writable: legalizedProgramCounter(~0))
        case .mcause: PlainRegister(\.mcause)
        case .mtval: PlainRegister(\.mtval)
        case .mtinst: PlainRegister(\.mtinst)
        case .mtval2: PlainRegister(\.mtval2)
        case .htval: PlainRegister(\.htval)
        case .htinst: PlainRegister(\.htinst)
        case .stvec: .read(\.stvec)
        case .vstvec: .read(\.vstvec)
        case .mtvec: .read(\.mtvec)
        case .hstatus: .read(\.hstatus)
        case .vsatp: .read(\.vsatp)
        case .hedeleg: .read(\.hedeleg)
        case .hideleg: .read(\.hideleg)
        case .hcounteren: .read(\.hcounteren)
        case .scounteren: .read(\.scounteren)
        case .medeleg: .read(\.medeleg)
        case .mideleg: .read(\.mideleg)
        case .mie: .read(\.mie)
        // Numbers of CSRs: all others have a function.
        default: nil
        }
    }

    package func statusWord(at address: CSRAddress, from mode: PrivilegeMode) -> StatusWord? {
        switch plainAddress(address, from: mode) {
        case .sstatus: StatusWord(of: extensions)
        case .vsstatus: StatusWord(ofGuestsOf: extensions, from: mode)
        // The others are functions of more than themselves.
        default: nil
        }
    }

    /// The register that is accessed, if nothing but the mode decides and nobody wants to be told.
    private func plainAddress(_ address: CSRAddress, from mode: PrivilegeMode) -> CSRAddress? {
        guard csrs[address].gate == CSRGate.none, !isObserved(.csrWrite),
            case .allowed(let effective) = decideAccess(to: address, .write, from: mode)
        else { return nil }
        return effective
    }
}
