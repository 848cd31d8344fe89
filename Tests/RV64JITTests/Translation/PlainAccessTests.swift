import RV64Core
import RV64JIT
import TestSupport
import Testing

@testable import translatorfuzz

/// CSRs that translated code accesses itself: every instruction for each of them in every mode, allowed or not.
@Suite(.enabled(if: NativeEngine.isSupported)) struct PlainAccessTests {
    /// Scratch, epc, cause and tval of M, S and VS, and the status registers.
    static let addresses: [UInt16] =
        [0x340, 0x140, 0x240].flatMap { first in (first..<first + 4) } + [0x100, 0x200, 0x300]

    @Test(arguments: addresses, PrivilegeMode.allCases)
    func accessIsTheInterpreters(_ address: UInt16, _ mode: PrivilegeMode) throws {
        let twin = try Twin()
        var random = SplitMix64(seed: UInt64(address) << 8 | UInt64(mode.rawValue))
        for operation in [0x1073, 0x2073, 0x3073, 0x5073, 0x6073, 0x7073] as [UInt32] {
            for (target, source) in [(0, 2), (X.a0, 2), (X.a1, 0), (X.t0, X.t0), (X.a0, X.a0), (X.s3, 31)]
                as [(UInt32, UInt32)]
            {
                var program = Program(mode: mode, entry: Twin.base + Layout.code)
                program.isPaged = false
                let access = Encoding.i(operation, target, source, Int(address))
                let code = [access, Encoding.i(Encoding.addi, X.a2, X.a2, 1), Encoding.ebreak]
                program.chunks = [(Layout.code, code.littleEndianBytes)]
                for register in 1..<32 { program.x[register] = random.next() }
                program.load(into: twin)
                let (machine, guest) = (random.next(), random.next())
                twin.forBoth { side in
                    for number in Self.addresses {
                        side.hart.writeCSR(CSRAddress(number), program.x[Int(number & 15) + 1])
                    }
                    // SD follows FS, and interrupts are enabled or not.
                    side.state.pointee.mstatus[.fs] = machine & 3
                    side.state.pointee.vsstatus[.fs] = guest & 3
                    side.state.pointee.mstatus[.sie] = machine & 4 != 0
                    side.state.pointee.vsstatus[.sie] = guest & 4 != 0
                    side.state.pointee.mstatus[.mprv] = false
                    side.state.pointee.mode = mode
                }
                guard case .same = twin.run(instructions: 2) else {
                    Issue.record("\(Twin.hex(UInt64(access))): \(twin.difference ?? "other exits")")
                    return
                }
            }
        }
    }
}
