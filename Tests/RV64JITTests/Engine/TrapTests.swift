import Platform
import RV64Core
import RV64JIT
import TestSupport
import Testing

@testable import translatorfuzz

/// Traps out of the middle of a translated block: every register that tells of one says what the interpreter's does, and
/// what stood before the instruction has happened, and nothing else.
@Suite(.enabled(if: NativeEngine.isSupported)) struct TrapTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        let instruction: UInt32
        let cause: UInt64
        var mode = PrivilegeMode.virtualSupervisor
        /// What a0 holds.
        var address: UInt64 = Twin.base + Layout.data + 8
        /// What the entries of the page, and of the next, are without.
        var first: UInt64 = 0
        var guest: UInt64 = 0
        var nextFirst: UInt64 = 0
        var nextGuest: UInt64 = 0

        var testDescription: String { name }
    }

    private static let ld = Encoding.i(Encoding.loadDouble, X.a1, X.a0, 0)
    private static let sd = Encoding.s(Encoding.storeDouble, X.a0, X.a1, 0)
    private static let edge = Twin.base + Layout.data + 0xFFC
    private static let amo = Encoding.r(0x302F, X.a1, X.a0, X.a2)
    private static let lr = Encoding.r(0x1000_302F, X.a1, X.a0, 0)
    private static let fld = Encoding.i(0x3007, X.a1, X.a0, 0)
    private static let fsd = Encoding.s(0x3027, X.a0, X.a1, 0)

    static let kinds: [Kind] = [
        Kind(name: "load page fault", instruction: ld, cause: 13, first: 1),
        Kind(name: "store page fault", instruction: sd, cause: 15, first: 4),
        Kind(name: "store to a page that is not dirty", instruction: sd, cause: 15, first: 0x80),
        Kind(name: "load page fault in the second page", instruction: ld, cause: 13, address: edge, nextFirst: 1),
        Kind(name: "store page fault in the second page", instruction: sd, cause: 15, address: edge, nextFirst: 1),
        Kind(name: "load guest-page fault", instruction: ld, cause: 21, guest: 1),
        Kind(name: "store guest-page fault", instruction: sd, cause: 23, guest: 4),
        Kind(name: "load guest-page fault in the second page", instruction: ld, cause: 21, address: edge, nextGuest: 1),
        Kind(
            name: "store guest-page fault in the second page",
            instruction: sd,
            cause: 23,
            address: edge,
            nextGuest: 1
        ),
        Kind(name: "AMO page fault", instruction: amo, cause: 15, first: 4),
        Kind(name: "AMO guest-page fault", instruction: amo, cause: 23, guest: 4),
        Kind(name: "LR guest-page fault", instruction: lr, cause: 21, guest: 1),
        Kind(name: "LR of a misaligned address", instruction: lr, cause: 4, address: Twin.base + Layout.data + 4),
        Kind(name: "AMO of two pages", instruction: amo, cause: 6, address: edge),
        Kind(name: "floating-point load page fault", instruction: fld, cause: 13, first: 1),
        Kind(name: "floating-point store guest-page fault", instruction: fsd, cause: 23, guest: 1),
        Kind(name: "load access fault", instruction: ld, cause: 5, mode: .machine, address: 0x2000_0000),
        Kind(name: "store access fault", instruction: sd, cause: 7, mode: .machine, address: 0x2000_0000),
        Kind(
            name: "store of a device that refuses",
            instruction: sd,
            cause: 7,
            mode: .machine,
            address: Twin.device + 0x800
        ),
        Kind(name: "illegal instruction", instruction: 0xFFFF_FFFF, cause: 2),
        Kind(name: "virtual instruction", instruction: Encoding.hfenceGvma, cause: 22),
        Kind(name: "ECALL from VS", instruction: Encoding.ecall, cause: 10),
        Kind(name: "ECALL from VU", instruction: Encoding.ecall, cause: 8, mode: .virtualUser),
        Kind(name: "ECALL from M", instruction: Encoding.ecall, cause: 11, mode: .machine),
        Kind(name: "EBREAK", instruction: Encoding.ebreak, cause: 3),
    ]

    /// Delegated, the guest takes the trap itself, if it can.
    @Test(arguments: kinds, [false, true])
    func trapIsPrecise(_ kind: Kind, isDelegated: Bool) throws {
        let twin = try Twin()
        var program = Program(mode: kind.mode, entry: Twin.base + Layout.code)
        var random = SplitMix64(seed: 1)
        let tables = Tables(isUser: kind.mode.isUser, &random)
        program.isPaged = kind.mode != .machine
        program.delegation = isDelegated ? ~0 : 0
        let code = [
            Encoding.i(Encoding.addi, X.a2, X.a2, 1), Encoding.i(Encoding.addi, X.s3, X.s3, 1), kind.instruction,
            Encoding.i(Encoding.addi, X.a2, X.a2, 64), Encoding.i(Encoding.addi, X.s3, X.s3, 64), Encoding.ebreak,
        ]
        program.chunks = [(Layout.root, tables.bytes), (Layout.code, code.littleEndianBytes)]
        let leaf = Tables.all | (kind.mode.isUser ? Tables.user : 0)
        let missing = [(kind.first, kind.guest), (kind.nextFirst, kind.nextGuest)]
        for (page, (missing, missingGuest)) in zip(Layout.firstDataPage..., missing) {
            let first = Tables.entry(page << 12, leaf & ~missing)
            let guest = Tables.entry(page << 12, (Tables.all | Tables.user) & ~missingGuest)
            program.chunks.append((Layout.leaves + page * 8, first.littleEndianBytes))
            program.chunks.append((Layout.guestLeaves + page * 8, guest.littleEndianBytes))
        }
        program.x[Int(X.a0)] = kind.address
        program.load(into: twin)
        // Pages are not marked by the hart.
        twin.forBoth { side in
            side.hart.writeCSR(CSRAddress(0x30A), 0xF0)
            side.hart.writeCSR(CSRAddress(0x60A), 0xF0)
        }
        // Twice: the second time from code that is there, with the TLB as it was left.
        for _ in 0..<2 {
            twin.forBoth { side in
                side.state.pointee.pc = program.entry
                side.state.pointee.mode = kind.mode
                side.state.pointee.x[Int(X.a2)] = 0
                side.state.pointee.x[Int(X.s3)] = 0
            }
            let before = twin.translated.state.pointee.retired
            let state = twin.translated.state
            // Up to the trap, and not into the guest's handler.
            guard case .same = twin.run(instructions: 2) else {
                Issue.record("\(twin.difference ?? "other exits")")
                return
            }
            #expect(twin.memoryDifference == nil)
            #expect(state.pointee.x[Int(X.a2)] == 1)
            #expect(state.pointee.x[Int(X.s3)] == 1)
            #expect(state.pointee.retired &- before == 2)
            let causes = [state.pointee.mcause, state.pointee.scause, state.pointee.vscause]
            #expect(causes.contains(kind.cause), "\(causes)")
        }
    }
}
