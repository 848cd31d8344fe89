extension HartState {
    /// Calls `body` with every field that is a number: x0, which is zero, `mode` and `isInCriticalError` are not among them.
    ///
    /// The one list for saving and restoring. Its order is that of the declarations, and of `fieldNames`.
    package mutating func forEachField<Failure: Error>(_ body: (inout UInt64) throws(Failure) -> Void) throws(Failure) {
        for index in 1..<32 { try body(&x[index]) }
        for index in 0..<32 { try body(&f[index]) }
        for field in Self.userFields + Self.machineFields { try body(&self[keyPath: field.path]) }
        for index in 0..<4 { try body(&mstateen[index]) }
        for index in 0..<16 {
            var configuration = UInt64(pmpcfg[index])
            try body(&configuration)
            pmpcfg[index] = UInt8(truncatingIfNeeded: configuration)
            try body(&pmpaddr[index])
        }
        for index in 0..<32 {
            try body(&counter[index])
            try body(&counterConfiguration[index].rawValue)
        }
        for field in Self.supervisorFields { try body(&self[keyPath: field.path]) }
        for index in 0..<4 { try body(&sstateen[index]) }
        for field in Self.hypervisorFields { try body(&self[keyPath: field.path]) }
        for index in 0..<4 { try body(&hstateen[index]) }
        for field in Self.virtualSupervisorFields { try body(&self[keyPath: field.path]) }
        try body(&retired)
    }

    /// The names of what `forEachField` visits, in its order: the registers by their names in the calling convention.
    package static let fieldNames: [String] = {
        var names = RegisterNames.integer[1...] + RegisterNames.float
        names += (userFields + machineFields).map(\.name)
        names += (0..<4).map { "mstateen\($0)" }
        names += (0..<16).flatMap { ["pmp\($0)cfg", "pmpaddr\($0)"] }
        names += (0..<32).flatMap { ["mhpmcounter\($0)", "mhpmevent\($0)"] }
        names += supervisorFields.map(\.name) + (0..<4).map { "sstateen\($0)" }
        names += hypervisorFields.map(\.name) + (0..<4).map { "hstateen\($0)" }
        return names + virtualSupervisorFields.map(\.name) + ["retired"]
    }()

    private typealias Fields = [(name: String, path: WritableKeyPath<HartState, UInt64>)]

    private static var userFields: Fields { [("pc", \.pc), ("fflags", \.fflags), ("frm", \.frm)] }

    private static var machineFields: Fields {
        [
            ("mstatus", \.mstatus.rawValue), ("misa", \.misa), ("mhartid", \.mhartid), ("medeleg", \.medeleg),
            ("mideleg", \.mideleg), ("mie", \.mie), ("mip", \.mip), ("mtvec", \.mtvec), ("mcounteren", \.mcounteren),
            ("mcountinhibit", \.mcountinhibit), ("mscratch", \.mscratch), ("miselect", \.miselect), ("mepc", \.mepc),
            ("mcause", \.mcause), ("mtval", \.mtval), ("mtval2", \.mtval2), ("mtinst", \.mtinst),
            ("menvcfg", \.menvcfg.rawValue), ("mseccfg", \.mseccfg.rawValue), ("mnscratch", \.mnscratch),
            ("mnepc", \.mnepc), ("mncause", \.mncause), ("mnstatus", \.mnstatus.rawValue),
        ]
    }

    private static var supervisorFields: Fields {
        [
            ("stvec", \.stvec), ("sscratch", \.sscratch), ("sepc", \.sepc), ("scause", \.scause), ("stval", \.stval),
            ("scounteren", \.scounteren), ("senvcfg", \.senvcfg.rawValue), ("satp", \.satp.rawValue),
            ("siselect", \.siselect), ("stimecmp", \.stimecmp),
        ]
    }

    private static var hypervisorFields: Fields {
        [
            ("hstatus", \.hstatus.rawValue), ("hedeleg", \.hedeleg), ("hideleg", \.hideleg),
            ("hcounteren", \.hcounteren), ("hgeie", \.hgeie), ("htimedelta", \.htimedelta), ("htval", \.htval),
            ("htinst", \.htinst), ("hgatp", \.hgatp.rawValue), ("henvcfg", \.henvcfg.rawValue),
        ]
    }

    private static var virtualSupervisorFields: Fields {
        [
            ("vsstatus", \.vsstatus.rawValue), ("vstvec", \.vstvec), ("vsscratch", \.vsscratch), ("vsepc", \.vsepc),
            ("vscause", \.vscause), ("vstval", \.vstval), ("vsatp", \.vsatp.rawValue), ("vsiselect", \.vsiselect),
            ("vstimecmp", \.vstimecmp),
        ]
    }
}
