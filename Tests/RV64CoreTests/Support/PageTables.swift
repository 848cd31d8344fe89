@testable import RV64Core

/// Bits of a page-table entry.
enum Entry {
    static let v: UInt64 = 1 << 0
    static let r: UInt64 = 1 << 1
    static let w: UInt64 = 1 << 2
    static let x: UInt64 = 1 << 3
    static let u: UInt64 = 1 << 4
    static let a: UInt64 = 1 << 6
    static let d: UInt64 = 1 << 7
    static let n: UInt64 = 1 << 63
    /// A first-stage page for the supervisor, and one for the user or the G-stage.
    static let supervisor = v | r | w | x | a | d
    static let user = supervisor | u

    static func leaf(_ address: UInt64, _ flags: UInt64) -> UInt64 { (address >> 12) << 10 | flags }
}

/// One stage's tables, built in the memory of a machine.
final class PageTables {
    let machine: TestMachine
    let scheme: PagingScheme
    let mode: UInt64
    /// Where the tables lie in physical memory.
    let root: UInt64
    private var next: UInt64
    /// Physical minus the address that entries name: a guest's tables lie in guest physical memory.
    let displacement: UInt64

    /// Modes 8, 9 and 10 are Sv39, Sv48 and Sv57; others throw.
    init(_ machine: TestMachine, mode: UInt64, at root: UInt64, isGuestStage: Bool, displacement: UInt64 = 0) throws {
        self.machine = machine
        self.mode = mode
        self.root = root
        self.displacement = displacement
        guard let scheme = PagingScheme(mode: mode, isGuestStage: isGuestStage) else { throw Invalid() }
        self.scheme = scheme
        next = root + 0x4000
    }

    struct Invalid: Error {}

    /// The physical address of the entry that translates `address` at a level.
    func entry(for address: UInt64, level target: Int = 0) -> UInt64 {
        var table = root
        var level = scheme.levels - 1
        while true {
            let entry = table + scheme.index(address, level: level) * 8
            if level == target { return entry }
            if machine.read(entry) == 0 {
                machine.write(Entry.leaf(next &- displacement, Entry.v), at: entry)
                next += 0x1000
            }
            table = ((machine.read(entry) >> 10) << 12) &+ displacement
            level -= 1
        }
    }

    func map(_ address: UInt64, to physical: UInt64, _ flags: UInt64, level: Int = 0) {
        machine.write(Entry.leaf(physical, flags), at: entry(for: address, level: level))
    }

    func unmap(_ address: UInt64) { machine.write(0, at: entry(for: address)) }

    /// The value of `satp`, `vsatp` or `hgatp`; `identifier` is the ASID or VMID.
    func register(_ identifier: UInt64 = 0) -> UInt64 { mode << 60 | identifier << 44 | (root &- displacement) >> 12 }
}

/// A guest behind both stages: its physical memory begins at 0 and lies at `frames`, page by page.
struct GuestMachine {
    /// Where guest physical page 0 lies.
    static let frames = TestMachine.base + 0x40_0000
    static let pages: UInt64 = 256
    /// Guest physical addresses of code, of the root of the VS-stage tables, and of two data pages.
    static let code: UInt64 = 0x1000
    static let tables: UInt64 = 0x4_0000
    static let data: UInt64 = 0x8000
    /// The guest virtual address of the first data page; the second follows it, out of order in memory.
    static let virtualData: UInt64 = 0x20_0000
    static let virtualCode: UInt64 = 0x40_0000
    static let secondData: UInt64 = 0x6000
    static let vmid: UInt64 = 3
    static let asid: UInt64 = 7

    let machine: TestMachine
    let first: PageTables
    let guest: PageTables

    init(first firstMode: UInt64 = 8, guest guestMode: UInt64 = 8, _ machine: TestMachine) throws {
        self.machine = machine
        guest = try PageTables(machine, mode: guestMode, at: TestMachine.base + 0x20_0000, isGuestStage: true)
        first = try PageTables(
            machine,
            mode: firstMode,
            at: Self.frames + Self.tables,
            isGuestStage: false,
            displacement: Self.frames
        )
        for page in 0..<Self.pages { guest.map(page << 12, to: Self.frames + page << 12, Entry.user) }
        first.map(Self.virtualCode, to: Self.code, Entry.supervisor)
        first.map(Self.virtualData, to: Self.data, Entry.supervisor)
        first.map(Self.virtualData + 0x1000, to: Self.secondData, Entry.supervisor)
        machine.hart.writeCSR(.hgatp, guest.register(Self.vmid))
        machine.hart.writeCSR(.vsatp, first.register(Self.asid))
    }

    init(first: UInt64 = 8, guest: UInt64 = 8) throws {
        try self.init(first: first, guest: guest, TestMachine())
    }

    var state: UnsafeMutablePointer<HartState> { machine.state }

    /// Runs a program in VS-mode, at `virtualCode`, or in VU-mode.
    @discardableResult
    func run(_ mode: PrivilegeMode = .virtualSupervisor, _ build: (inout ProgramBuilder) -> Void) -> HartExit {
        machine.load(at: Self.frames + Self.code, build)
        machine.hart.synchronizeInstructionFetch()
        return machine.run(mode, at: Self.virtualCode)
    }

    /// Runs one instruction whose address register is a0.
    @discardableResult
    func access(
        _ opcode: Opcode,
        at address: UInt64,
        _ mode: PrivilegeMode = .virtualSupervisor
    ) -> HartExit {
        machine[.a0] = address
        return run(mode) { program in
            let isStore = InstructionTable.rows.first { $0.opcode == opcode }?.format == .store
            if isStore {
                program.emit(opcode, rs1: .a0, rs2: .a1)
            } else {
                program.emit(opcode, rd: .a1, rs1: .a0, rs2: .a2)
            }
            program.emit(.ecall)
        }
    }

    func physical(_ guestPhysical: UInt64) -> UInt64 { Self.frames + guestPhysical }
}

/// What a trap into HS left behind.
struct SupervisorTrap: Equatable {
    var cause: UInt64
    var value: UInt64
    var guestPhysicalAddress: UInt64
    var instruction: UInt64
    var isGuestVirtual: Bool

    init(_ state: UnsafeMutablePointer<HartState>) {
        cause = state.pointee.scause
        value = state.pointee.stval
        guestPhysicalAddress = state.pointee.htval << 2
        instruction = state.pointee.htinst
        isGuestVirtual = state.pointee.hstatus[.gva]
    }

    init(_ cause: ExceptionCause, value: UInt64, guestPhysicalAddress: UInt64 = 0, instruction: UInt64 = 0) {
        self.cause = cause.rawValue
        self.value = value
        self.guestPhysicalAddress = guestPhysicalAddress
        self.instruction = instruction
        isGuestVirtual = true
    }
}
