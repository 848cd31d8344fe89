import Platform
import RV64Core
import TestSupport

/// A random program with all that it starts from.
package struct Program {
    package var mode: PrivilegeMode
    package var entry: UInt64
    package var chunks: [(offset: UInt64, bytes: [UInt8])] = []
    package var x = [UInt64](repeating: 0, count: 32)
    package var f = [UInt64](repeating: 0, count: 32)
    package var floatingPoint: UInt64 = 3
    package var rounding: UInt64 = 0
    package var isPaged = true
    package var delegation: UInt64 = 0

    /// Puts the program into both machines.
    package func load(into twin: Twin) {
        twin.reset()
        for chunk in chunks { twin.write(chunk.bytes, at: Twin.base + chunk.offset) }
        twin.forBoth { side in
            side.hart.writeCSR(CSRAddress(0x602), delegation)
            side.hart.writeCSR(CSRAddress(0x205), Twin.base + Layout.handler)
            let root = 8 << 60 | (Twin.base + Layout.root) >> 12
            let guest = 8 << 60 | (Twin.base + Layout.guestRoot) >> 12
            if mode.isVirtual {
                side.hart.writeCSR(CSRAddress(0x680), guest)
                if isPaged { side.hart.writeCSR(CSRAddress(0x280), root) }
            } else if isPaged {
                side.hart.writeCSR(CSRAddress(0x180), root)
            }
            for index in 1..<32 { side.state.pointee.x[index] = x[index] }
            for index in 0..<32 { side.state.pointee.f[index] = f[index] }
            side.state.pointee.mstatus[.fs] = floatingPoint
            side.state.pointee.vsstatus[.fs] = mode.isVirtual ? 3 : 0
            side.state.pointee.frm = rounding
            // The handler reads what trapped.
            side.state.pointee.vsstatus[.sum] = true
            side.state.pointee.mode = mode
            side.state.pointee.pc = entry
            side.hart.synchronizeInstructionFetch()
        }
    }
}

/// Runs programs on both machines.
package struct Comparison {
    package let twin: Twin
    /// Instructions of one program, about.
    private static let limit: UInt64 = 2500
    private static let trapLimit = 12
    private static let budgets: [UInt64] = [1, 1, 2, 3, 5, 8, 17, 40, 64, 65, 100, 400, 1000]

    package init(of twin: Twin? = nil) throws { self.twin = try twin ?? Twin() }

    /// Runs one program.
    ///
    /// - Parameters:
    ///   - seed: what the program is made from.
    ///   - row: what it consists of; nil for everything.
    /// - Returns: how the engines differed, in words; nil if they did not.
    package func run(seed: UInt64, of row: InstructionRow? = nil) -> String? {
        var random = SplitMix64(seed: seed)
        var generator = ProgramGenerator(&random, of: row)
        let program = generator.generate()
        program.load(into: twin)
        guard let difference = run(program, &random) ?? twin.memoryDifference else { return nil }
        return "seed \(seed), \(program.mode.name): \(difference)"
    }

    private func run(_ program: Program, _ random: inout SplitMix64) -> String? {
        var executed: UInt64 = 0
        var traps = 0
        while executed < Self.limit, traps < Self.trapLimit {
            let budget = Self.budgets[Int(random.next() % UInt64(Self.budgets.count))]
            let before = twin.interpreted.state.pointee.retired
            let start = twin.interpreted.state.pointee.pc
            switch twin.run(instructions: budget) {
            case .differ(let difference):
                return "after \(executed) instructions, from \(Twin.hex(start)), \(budget) at most: \(difference)"
            case .same(.budgetExhausted): break
            case .same(.hosted(let mode)):
                traps += 1
                resume(program, mode)
            case .same: return nil
            }
            executed += max(twin.interpreted.state.pointee.retired &- before, 1)
            if program.mode.isVirtual, random.next() & 31 == 0 { changeGuestStage(&random) }
        }
        return nil
    }

    /// Behind the instruction that trapped; at the start of the program, if that is nowhere.
    private func resume(_ program: Program, _ mode: PrivilegeMode) {
        twin.forBoth { side in
            let epc = mode == .machine ? side.state.pointee.mepc : side.state.pointee.sepc
            let first = side.memory.pointer(at: epc, count: 2)?.load(as: UInt16.self) ?? 0
            let next = epc &+ (first & 3 == 3 ? 4 : 2)
            let isCode = next &- Twin.base < Layout.dataInCode
            side.state.pointee.pc = isCode ? next : program.entry
            side.state.pointee.mode = program.mode
        }
    }

    /// As a hypervisor does it.
    private func changeGuestStage(_ random: inout SplitMix64) {
        let page = Layout.firstDataPage + random.next() & 7
        let target = Layout.firstDataPage + random.next() & 7
        let entry = Tables.entry(target << 12, Tables.flags(Tables.all | Tables.user, &random))
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: entry >> (8 * UInt64($0))) }
        twin.write(bytes, at: Twin.base + Layout.guestLeaves + page * 8)
        twin.forBoth { $0.hart.perform(.guest(vmid: nil)) }
    }
}
