import RV64Core

/// One place where the two machines' memories differ, in words.
struct Difference {
    /// The case it belongs to; nil in memory that all cases share.
    let index: Int?
    let place: String
    let rvhv: UInt64
    let qemu: UInt64
    /// Where the trap happened on rvhv, in a trap's record.
    var pc: UInt64?

    /// The same for every trap; addresses of memory are all one.
    var kind: Substring {
        guard place.hasPrefix("trap "), let end = place.firstIndex(of: "(") else { return place.prefix(6) }
        return place[end...]
    }
}

/// What the runtime keeps of a trap, by its index.
enum TrapRegister: UInt64, CaseIterable {
    /// 0 M, 1 HS, 2 VS.
    case handler
    case mcause, mepc, mtval, mstatus, mtval2, mtinst
    case scause, sepc, stval, sstatus, hstatus, htval, htinst
    case vscause, vsepc, vstval, vsstatus
}

enum TrapHandler: UInt64 {
    case machine
    case supervisor
    case virtualSupervisor
}

/// One record of the trap log.
struct LoggedTrap {
    let comparison: Comparison
    let address: UInt64

    func rvhv(_ register: TrapRegister) -> UInt64 { comparison.rvhv.word(at: address + 8 * register.rawValue) }
    func qemu(_ register: TrapRegister) -> UInt64 { comparison.qemu.word(at: address + 8 * register.rawValue) }

    var handler: TrapHandler { TrapHandler(rawValue: rvhv(.handler)) ?? .machine }

    var cause: UInt64 { rvhv(causeRegister) }

    /// Why QEMU trapped, wherever it did.
    var qemuCause: UInt64 {
        let registers: [TrapRegister] = [.mcause, .scause, .vscause]
        let handler = qemu(.handler)
        return handler < 3 ? qemu(registers[Int(handler)]) : 0
    }
    var causeRegister: TrapRegister {
        switch handler {
        case .machine: .mcause
        case .supervisor: .scause
        case .virtualSupervisor: .vscause
        }
    }
    var valueRegister: TrapRegister {
        switch handler {
        case .machine: .mtval
        case .supervisor: .stval
        case .virtualSupervisor: .vstval
        }
    }

    /// The instruction on rvhv.
    var pc: UInt64 { rvhv(Self.pcRegister(rvhv(.handler))) }
    var qemuPC: UInt64 { qemu(Self.pcRegister(qemu(.handler))) }

    private static func pcRegister(_ handler: UInt64) -> TrapRegister {
        switch handler {
        case 1: .sepc
        case 2: .vsepc
        default: .mepc
        }
    }

    /// Where each machine's trap went, and why.
    var causes: String {
        func cause(_ read: (TrapRegister) -> UInt64) -> String {
            let names: [TrapRegister] = [.mcause, .scause, .vscause]
            let handler = read(.handler)
            let value = handler < 3 ? read(names[Int(handler)]) : 0
            let number = value >> 63 == 1 ? "interrupt \(value & 63)" : "\(value)"
            return (handler < 3 ? ["M", "HS", "VS"][Int(handler)] : "?") + " " + number
        }
        let (ours, theirs) = (cause(rvhv), cause(qemu))
        return ours == theirs ? ours : "rvhv \(ours), QEMU \(theirs)"
    }
}

/// Finds what differs, but for what `Exclusions` explain.
struct Comparison {
    let rvhv: [UInt8]
    let qemu: [UInt8]
    let cases: Int
    /// What rvhv executed, with the runtime's part.
    let executed: UInt64
    /// What the machines were given.
    let program: [UInt8]
    private let decoder = Decoder(extensions: Machines.extensions)

    init(_ memory: Machines.Outcome, cases: Int, program: [UInt8]) {
        rvhv = memory.rvhv
        qemu = memory.qemu
        executed = memory.executed
        self.cases = cases
        self.program = program
    }

    /// The instruction of a case at a virtual address; no mapping changes the low bits.
    func instruction(at pc: UInt64) -> TrappedInstruction {
        let address = Layout.base + pc & 0x1F_FFFE
        let isCode = address >= Layout.code && address < Layout.codeEnd
        let word = isCode ? UInt32(truncatingIfNeeded: program.word(at: address)) : 0
        return TrappedInstruction(word: word, opcode: decoder.decode(word).opcode)
    }

    /// Whether an AMO or SC has trapped behind the first stage.
    private var hasFaultyAtomics: Bool {
        (0..<cases).contains { index in
            (0..<traps(ofCase: index)).contains { trap in
                let logged = logged(trap, ofCase: index)
                return [7, 23].contains(logged.cause) && Exclusions.isStoreLike(instruction(at: logged.pc).opcode)
            }
        }
    }

    private static let results: [UInt64: String] = [
        0: "traps", 8: "mstatus", 16: "satp", 24: "vsatp", 32: "hgatp", 40: "medeleg", 48: "hedeleg", 56: "mideleg",
        64: "hideleg", 72: "hstatus", 80: "vsstatus", 88: "fcsr", 96: "mtvec", 104: "stvec", 112: "vstvec",
        120: "mie", 128: "mip", 136: "sscratch", 144: "vsscratch", 152: "mscratch", 160: "scounteren",
        168: "mcounteren", 176: "hcounteren", 184: "hvip", 192: "hgeie",
    ]

    /// Traps of all cases.
    var traps: UInt64 {
        (0..<cases).reduce(0) { $0 &+ rvhv.word(at: Layout.results + UInt64($1) * Layout.caseSize) }
    }

    func differences() -> [Difference] {
        var found: [Difference] = []
        for index in 0..<cases { found += differences(ofCase: index) }
        let hasFaultyAtomics = hasFaultyAtomics
        for address in stride(from: Layout.patched, to: Layout.tablesEnd, by: 8) {
            let (ours, theirs) = (rvhv.word(at: address), qemu.word(at: address))
            if !Exclusions.rule(memory: address, rvhv: ours, hasFaultyAtomics: hasFaultyAtomics).accepts(
                rvhv: ours,
                qemu: theirs
            ) {
                found.append(Difference(index: nil, place: "memory at \(hex(address))", rvhv: ours, qemu: theirs))
            }
        }
        return found
    }

    /// Cases in which QEMU goes another way than the manual, as documented: what they do then is no one's fault.
    var divergentCases: Set<Int> {
        var found: Set<Int> = []
        for index in 0..<cases {
            for trap in 0..<traps(ofCase: index) {
                let logged = logged(trap, ofCase: index)
                let (ours, theirs) = (instruction(at: logged.pc), instruction(at: logged.qemuPC))
                if Exclusions.diverges(logged, rvhv: ours, qemu: theirs) {
                    found.insert(index)
                    break
                }
            }
        }
        return found
    }

    private func logged(_ trap: UInt64, ofCase index: Int) -> LoggedTrap {
        LoggedTrap(
            comparison: self,
            address: Layout.logs + UInt64(index) * Layout.logSize + trap * Layout.recordSize
        )
    }

    /// How many both have logged.
    private func traps(ofCase index: Int) -> UInt64 {
        let result = Layout.results + UInt64(index) * Layout.caseSize
        return min(rvhv.word(at: result), qemu.word(at: result), Layout.logSize / Layout.recordSize)
    }

    private func differences(ofCase index: Int) -> [Difference] {
        var found: [Difference] = []
        func compare(
            _ address: UInt64,
            _ place: @autoclosure () -> String,
            _ rule: ComparisonRule = .equal,
            pc: UInt64? = nil
        ) {
            let (ours, theirs) = (rvhv.word(at: address), qemu.word(at: address))
            if !rule.accepts(rvhv: ours, qemu: theirs) {
                found.append(Difference(index: index, place: place(), rvhv: ours, qemu: theirs, pc: pc))
            }
        }
        let result = Layout.results + UInt64(index) * Layout.caseSize
        func isUnchanged(_ address: UInt64) -> Bool {
            rvhv.word(at: address) == rvhv.word(at: address - Layout.recordSize)
                && qemu.word(at: address) == qemu.word(at: address - Layout.recordSize)
        }
        for trap in 0..<traps(ofCase: index) {
            let logged = logged(trap, ofCase: index)
            let instruction = instruction(at: logged.pc).opcode
            for register in TrapRegister.allCases {
                let address = logged.address + 8 * register.rawValue
                // What has stayed since the trap before has been judged there.
                if trap > 0, register != .handler, isUnchanged(address) { continue }
                compare(
                    address,
                    "trap \(trap) (\(logged.causes)): \(register)",
                    Exclusions.rule(register, of: logged, at: instruction),
                    pc: logged.pc
                )
            }
        }
        for (offset, name) in Self.results.sorted(by: { $0.key < $1.key }) {
            compare(result + offset, name, Exclusions.rule(result: name))
        }
        for number in 1..<32 {
            compare(result + CaseField.x + 8 * UInt64(number), RegisterNames.integer[number])
        }
        for number in 0..<32 {
            compare(result + CaseField.f + 8 * UInt64(number), RegisterNames.float[number])
        }
        return found
    }
}

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
