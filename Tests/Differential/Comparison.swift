import RV64Core

/// One place where the two machines' memories differ, in words.
struct Difference {
    /// The case it belongs to; nil in memory that all cases share.
    let index: Int?
    let place: String
    let rvhv: UInt64
    let qemu: UInt64
}

/// Finds what differs, but for what `Exclusions` explain.
struct Comparison {
    let rvhv: [UInt8]
    let qemu: [UInt8]
    let cases: Int

    private static let records = [
        "trap to (0 M, 1 HS, 2 VS)", "mcause", "mepc", "mtval", "mstatus", "mtval2", "mtinst", "scause", "sepc", "stval", "sstatus",
        "hstatus", "htval", "htinst", "vscause", "vsepc", "vstval", "vsstatus",
    ]
    private static let results: [UInt64: String] = [
        0: "traps", 8: "mstatus", 16: "satp", 24: "vsatp", 32: "hgatp", 40: "medeleg", 48: "hedeleg", 56: "mideleg",
        64: "hideleg", 72: "hstatus", 80: "vsstatus", 88: "fcsr", 96: "mtvec", 104: "stvec", 112: "vstvec",
        120: "mie", 128: "mip", 136: "sscratch", 144: "vsscratch", 152: "mscratch", 160: "scounteren",
        168: "mcounteren", 176: "hcounteren", 184: "hvip", 192: "hgeie",
    ]

    /// Instructions that the cases retired on rvhv: the runtime's own between its two accesses to `minstret` are
    /// taken off.
    var instructions: UInt64 {
        (0..<cases).reduce(0) { total, index in
            let result = Layout.results + UInt64(index) * Layout.caseSize
            let overhead = rvhv.word(at: result) &* 69
            let retired = rvhv.word(at: result + 248)
            return total &+ (retired > overhead ? retired &- overhead : 0)
        }
    }

    func differences() -> [Difference] {
        var found: [Difference] = []
        for index in 0..<cases { found += differences(ofCase: index) }
        for address in stride(from: Layout.patched, to: Layout.tablesEnd, by: 8) {
            let (ours, theirs) = (rvhv.word(at: address), qemu.word(at: address))
            if ours != theirs { found.append(Difference(index: nil, place: "memory at \(hex(address))", rvhv: ours, qemu: theirs)) }
        }
        return found
    }

    private func differences(ofCase index: Int) -> [Difference] {
        var found: [Difference] = []
        func compare(_ address: UInt64, _ place: @autoclosure () -> String, mask: UInt64 = ~0) {
            let (ours, theirs) = (rvhv.word(at: address), qemu.word(at: address))
            if (ours ^ theirs) & mask != 0 { found.append(Difference(index: index, place: place(), rvhv: ours, qemu: theirs)) }
        }
        let result = Layout.results + UInt64(index) * Layout.caseSize
        let log = Layout.logs + UInt64(index) * Layout.logSize
        let traps = min(rvhv.word(at: result), qemu.word(at: result), Layout.logSize / Layout.recordSize)
        for trap in 0..<traps {
            for (field, name) in Self.records.enumerated() {
                let address = log + trap * Layout.recordSize + 8 * UInt64(field)
                compare(address, "trap \(trap): \(name)", mask: Exclusions.mask(record: name))
            }
        }
        for (offset, name) in Self.results.sorted(by: { $0.key < $1.key }) {
            compare(result + offset, name, mask: Exclusions.mask(result: name))
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
