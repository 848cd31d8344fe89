import Platform
import RV64Core

/// Where things are for generated code: which registers hold what, and distances from its base register.
///
/// - rbp: the hart's area, 128 bytes in, so that the x registers have one-byte distances
/// - r15: what is left of the budget at the start of the block
/// - r14: the entries of the TLB bank of loads and stores
/// - rax, rcx, rdx: nothing from one micro-instruction to the next
/// - the other nine: guest registers, by a ``RegisterMap``
enum Layout {
    static let base = HostRegister.rbp
    static let budget = HostRegister.r15
    static let data = HostRegister.r14

    /// How far into the area the base register points.
    static let bias = 128

    static func x(_ register: UInt8) -> HostOperand { .memory(base, 8 * Int(register) - bias) }
    static func f(_ register: UInt8) -> HostOperand { .memory(base, state(\.f) + 8 * Int(register)) }
    /// The upper half of an f register.
    static func fUpper(_ register: UInt8) -> HostOperand { .memory(base, state(\.f) + 8 * Int(register) + 4) }

    static let pc = HostOperand.memory(base, state(\.pc))
    static let mode = HostOperand.memory(base, state(\.mode))
    static let fflags = HostOperand.memory(base, state(\.fflags))
    static let frm = HostOperand.memory(base, state(\.frm))

    static let dataEntries = HostOperand.memory(base, run(\.data) + bankEntries)
    static let fetchEntries = HostOperand.memory(base, run(\.fetch) + bankEntries)
    static let mip = HostOperand.memory(base, state(\.mip))
    static let mie = HostOperand.memory(base, state(\.mie))
    static let timerPending = HostOperand.memory(base, run(\.timerPending))
    static let lines = HostOperand.memory(base, HartArea.linesOffset - bias)
    static let guestExternalLines = HostOperand.memory(base, HartArea.guestExternalLinesOffset - bias)
    static let floatingPoint = HostOperand.memory(base, run(\.floatingPoint))

    static let reservationAddress = HostOperand.memory(base, run(\.reservationAddress))
    static let reservationValue = HostOperand.memory(base, run(\.reservationValue))

    static let remaining = HostOperand.memory(base, native(\.remaining))
    static let hart = HostOperand.memory(base, native(\.hart))
    static let execute = HostOperand.memory(base, native(\.execute))
    static let system = HostOperand.memory(base, native(\.system))
    static let environmentCall = HostOperand.memory(base, native(\.environmentCall))
    static let supervisorReturn = HostOperand.memory(base, native(\.supervisorReturn))
    static let hostControl = HostOperand.memory(base, native(\.hostControl))
    static let guestControl = HostOperand.memory(base, native(\.guestControl))
    static let isFloating = HostOperand.memory(base, native(\.isFloating))
    static let wasFloating = HostOperand.memory(base, native(\.wasFloating))
    static let scratch = HostOperand.memory(base, native(\.scratch))
    static let rest = HostOperand.memory(base, native(\.rest))
    static let doubleSign = HostOperand.memory(base, native(\.doubleSign))
    static let singleSign = HostOperand.memory(base, native(\.singleSign))

    static let isDirty = HostOperand.memory(base, native(\.isDirty))
    static let blocks = HostOperand.memory(base, native(\.blocks))
    static let blockTable = HostOperand.memory(base, native(\.blockTable))
    static func block<Value>(_ field: KeyPath<NativeBlock, Value>) -> Int {
        MemoryLayout<NativeBlock>.distance(of: field)
    }
    static let links = HostOperand.memory(base, native(\.links))
    static let linkBlock = MemoryLayout<NativeLink>.distance(of: \.block)
    static let linkTarget = MemoryLayout<NativeLink>.distance(of: \.target)

    static let generation = HostOperand.memory(data, TLBBank.generationOffset)
    static func siteTag(_ site: Int) -> HostOperand { .memory(data, TLBBank.sitesOffset + site * 16) }
    static func siteAddend(_ site: Int) -> HostOperand { .memory(data, TLBBank.sitesOffset + site * 16 + 8) }

    /// The fields of a TLB entry.
    static let readTag = MemoryLayout<TLBEntry>.distance(of: \.readTag)
    static let writeTag = MemoryLayout<TLBEntry>.distance(of: \.writeTag)
    static let fetchTag = MemoryLayout<TLBEntry>.distance(of: \.fetchTag)
    static let addend = MemoryLayout<TLBEntry>.distance(of: \.addend)

    /// The jump cache of a mode.
    static func jumpCache(_ mode: PrivilegeMode, _ index: HostRegister, _ offset: Int) -> HostOperand {
        .indexed(base, index, JumpCache.offset(of: mode) - bias + offset)
    }

    /// A word of the architectural state.
    static func state(at offset: Int) -> HostOperand { .memory(base, offset - bias) }

    private static let bankEntries = MemoryLayout<TLBBank>.distance(of: \.entries)

    private static func state<Value>(_ field: KeyPath<HartState, Value>) -> Int {
        MemoryLayout<HartState>.distance(of: field) - bias
    }

    private static func run<Value>(_ field: KeyPath<RunState, Value>) -> Int {
        HartArea.runStateOffset + MemoryLayout<RunState>.distance(of: field) - bias
    }

    private static func native<Value>(_ field: KeyPath<NativeState, Value>) -> Int {
        run(\.native) + MemoryLayout<NativeState>.distance(of: field)
    }
}
