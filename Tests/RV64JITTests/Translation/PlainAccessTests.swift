import RV64Core
import RV64JIT
import Synchronization
import TestSupport
import Testing

@testable import translatorfuzz

/// CSRs that translated code accesses itself: every instruction for each of them in every mode, allowed or not.
@Suite(.enabled(if: NativeEngine.isSupported)) struct PlainAccessTests {
    /// Scratch, epc, cause and tval of M, S and VS, and the status registers.
    static let addresses: [UInt16] =
        [0x340, 0x140, 0x240].flatMap { first in (first..<first + 4) } + [0x100, 0x200, 0x300]
    /// What traps to a hypervisor leave, what is read in line alone, and others behind whose writes the next instruction may
    /// follow at once.
    static let others: [UInt16] =
        [0x34A, 0x34B, 0x643, 0x64A, 0x105, 0x205, 0x305, 0x600, 0x280, 0x602, 0x603, 0x606, 0x106, 0x302, 0x303]
        + [0x304, 0x104, 0x204, 0x604, 0x344, 0x144, 0x244, 0x644, 0x645, 0x607, 0x680, 0x605, 0x14D, 0x24D]

    private static let supervisorExternal: UInt64 = 1 << 9
    /// fadd.d f1, f2, f3 and fmv.d.x f4, a2.
    private static let addDoubles = Encoding.r(0x0200_7053, 1, 2, 3)
    private static let moveToDouble = Encoding.r(0xF200_0053, 4, X.a2, 0)

    @Test(arguments: addresses + others, PrivilegeMode.allCases)
    func accessIsTheInterpreters(_ address: UInt16, _ mode: PrivilegeMode) throws {
        try compare(Twin(), address, mode)
    }

    /// SDT keeps SIE clear, where it is enabled.
    @Test(arguments: [0x100, 0x200], PrivilegeMode.allCases)
    func accessWithDoubleTrapsIsTheInterpreters(_ address: UInt16, _ mode: PrivilegeMode) throws {
        for enabled in [0, 1 << 59] as [UInt64] {
            let twin = try Twin(extensions: Twin.extensions.union([.ssdbltrp]))
            try compare(twin, address, mode, environment: enabled)
        }
    }

    /// An interrupt that waits for SIE alone is taken before the next instruction, however SIE is set.
    @Test(
        arguments: [PrivilegeMode.supervisor, .virtualSupervisor],
        [Encoding.i(0x6073, 0, 2, 0x100), Encoding.i(0x2073, X.a0, X.t0, 0x100), Encoding.i(0x1073, 0, X.t0, 0x100)]
    )
    func interruptIsTakenAtOnce(_ mode: PrivilegeMode, _ enabling: UInt32) throws {
        let twin = try run(mode, [enabling, Encoding.i(Encoding.addi, X.a2, X.a2, 1)], sources: [X.t0: 2]) { side in
            side.hart.writeCSR(CSRAddress(0x303), ~0)
            side.hart.writeCSR(CSRAddress(0x603), ~0)
            side.hart.writeCSR(CSRAddress(0x304), mode.isVirtual ? 4 : 2)
            side.hart.writeCSR(CSRAddress(mode.isVirtual ? 0x645 : 0x344), mode.isVirtual ? 4 : 2)
        }
        let state = twin.translated.state
        #expect(state.pointee.x[Int(X.a2)] == 0)
        let cause = InterruptCause.causeFlag | InterruptCause.supervisorSoftware.rawValue
        // To VS, code 2 appears as the S-level one below it; in HS it is that.
        #expect((mode.isVirtual ? state.pointee.vscause : state.pointee.scause) == cause)
        #expect((mode.isVirtual ? state.pointee.vsepc : state.pointee.sepc) == Twin.base + Layout.code + 4)
    }

    /// Floating point is on or off from the next instruction on.
    @Test(arguments: [PrivilegeMode.supervisor, .virtualSupervisor], [0, 1, 2, 3])
    func floatingPointIsSwitched(_ mode: PrivilegeMode, _ status: UInt64) throws {
        for before in 0..<4 as Range<UInt64> {
            let code = [Encoding.i(0x1073, 0, X.t0, 0x100), Self.moveToDouble]
            let twin = try run(mode, code, sources: [X.t0: status << 13, X.a2: 77]) { side in
                side.state.pointee.mstatus[.fs] = mode.isVirtual ? 3 : before
                side.state.pointee.vsstatus[.fs] = before
                side.state.pointee.f[4] = 0
            }
            let state = twin.translated.state
            let fs = mode.isVirtual ? state.pointee.vsstatus[.fs] : state.pointee.mstatus[.fs]
            #expect(state.pointee.f[4] == (status == 0 ? 0 : 77))
            #expect(fs == (status == 0 ? 0 : 3))
        }
    }

    /// Runs two instructions in a mode without paging.
    private func run(
        _ mode: PrivilegeMode,
        _ code: [UInt32],
        sources: [UInt32: UInt64],
        _ prepare: (Twin.Side) -> Void
    ) throws -> Twin {
        let twin = try Twin()
        var program = Program(mode: mode, entry: Twin.base + Layout.code)
        program.isPaged = false
        program.chunks = [(Layout.code, (code + [Encoding.ebreak]).littleEndianBytes)]
        for (register, value) in sources { program.x[Int(register)] = value }
        program.x[Int(X.a2)] = sources[X.a2] ?? 0
        program.load(into: twin)
        twin.forBoth { side in
            // Nor is there a G-stage.
            side.hart.writeCSR(CSRAddress(0x680), 0)
            side.state.pointee.mode = mode
            prepare(side)
        }
        guard case .same = twin.run(instructions: 2) else {
            Issue.record("\(twin.difference ?? "other exits")")
            return twin
        }
        return twin
    }

    private func compare(
        _ twin: Twin,
        _ address: UInt16,
        _ mode: PrivilegeMode,
        environment: UInt64? = nil
    ) throws {
        var random = SplitMix64(seed: UInt64(address) << 8 | UInt64(mode.rawValue))
        let operations: [UInt32] = [0x1073, 0x2073, 0x3073, 0x5073, 0x6073, 0x7073]
        // What follows from a status register is seen in few states.
        let repetitions = [0x100, 0x200].contains(address) ? 4 : 1
        for operation in repeatElement(operations, count: repetitions).joined() {
            for (target, source) in [(0, 2), (X.a0, 2), (X.a1, 0), (X.t0, X.t0), (X.a0, X.a0), (X.s3, 31)]
                as [(UInt32, UInt32)]
            {
                var program = Program(mode: mode, entry: Twin.base + Layout.code)
                program.isPaged = false
                let access = Encoding.i(operation, target, source, Int(address))
                // The host's unit may be the guest's before; whether there is floating point is seen behind.
                let code =
                    [random.next() % 2 == 0 ? Self.addDoubles : Encoding.i(Encoding.addi, X.a2, X.a2, 1)]
                    + [access, Encoding.i(Encoding.addi, X.a2, X.a2, 1), Self.moveToDouble, Encoding.ebreak]
                program.chunks = [(Layout.code, code.littleEndianBytes)]
                // All bits, or those of a status register that handlers and critical sections change.
                let mask = [~0, 0x2, 0x6000, 0x6122, 0x4_6122] as [UInt64]
                for register in 1..<32 { program.x[register] = random.next() & mask[Int(random.next() % 5)] }
                program.load(into: twin)
                let (machine, guest, interrupts) = (random.next(), random.next(), random.next())
                // Those of one level, delegated as far as they can be, or any; often nothing is enabled, or nothing pending.
                let levels = ([~0, 0x444, 0x222] as [UInt64])[Int(interrupts >> 8 & 0xFF) % 3]
                let enabled = interrupts & 3 == 0 ? 0 : random.next() & levels
                let pending = interrupts & 12 == 0 ? 0 : random.next() & levels
                let delegation = levels == ~0 ? [machine, guest] : [~0, ~0]
                let lines = interrupts & 48 == 0 ? random.next() & levels : 0
                twin.forBoth { side in
                    for number in Self.addresses {
                        side.hart.writeCSR(CSRAddress(number), program.x[Int(number & 15) + 1])
                    }
                    // There is no G-stage, or guests would not execute at all.
                    side.hart.writeCSR(CSRAddress(0x680), 0)
                    if let environment {
                        side.hart.writeCSR(CSRAddress(0x30A), 0xF0 | environment)
                        side.hart.writeCSR(CSRAddress(0x60A), 0xF0 | environment)
                        side.state.pointee.mstatus[.sdt] = environment & machine != 0
                        side.state.pointee.vsstatus[.sdt] = environment & guest != 0
                    }
                    // SD follows FS, and interrupts are enabled or not.
                    side.state.pointee.mstatus[.fs] = machine & 8 != 0 ? 3 : machine & 3
                    side.state.pointee.vsstatus[.fs] = guest & 8 != 0 ? 3 : guest & 3
                    side.state.pointee.mstatus[.sie] = machine & 4 != 0
                    side.state.pointee.vsstatus[.sie] = guest & 4 != 0
                    side.state.pointee.mstatus[.mprv] = false
                    side.hart.writeCSR(CSRAddress(0x303), delegation[0])
                    side.hart.writeCSR(CSRAddress(0x603), delegation[1])
                    side.hart.writeCSR(CSRAddress(0x304), enabled)
                    side.hart.writeCSR(CSRAddress(0x344), pending)
                    side.hart.writeCSR(CSRAddress(0x645), pending)
                    side.hart.lines.pointee.store(lines & Self.supervisorExternal, ordering: .relaxed)
                    side.hart.guestExternalLines.pointee.store(lines >> 32 & 2, ordering: .relaxed)
                    side.state.pointee.mode = mode
                }
                guard case .same = twin.run(instructions: 4) else {
                    Issue.record("\(Twin.hex(UInt64(access))): \(twin.difference ?? "other exits")")
                    return
                }
            }
        }
    }
}
