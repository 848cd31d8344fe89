extension HartState {
    /// Calls `body` with every field that is a number: x0, which is zero, `mode` and `isInCriticalError` are not among them.
    ///
    /// The one list for saving and restoring. Its order is that of the declarations.
    package mutating func forEachField<Failure: Error>(_ body: (inout UInt64) throws(Failure) -> Void) throws(Failure) {
        for index in 1..<32 { try body(&x[index]) }
        for index in 0..<32 { try body(&f[index]) }
        for field in Self.userFields + Self.machineFields { try body(&self[keyPath: field]) }
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
        for field in Self.supervisorFields { try body(&self[keyPath: field]) }
        for index in 0..<4 { try body(&sstateen[index]) }
        for field in Self.hypervisorFields { try body(&self[keyPath: field]) }
        for index in 0..<4 { try body(&hstateen[index]) }
        for field in Self.virtualSupervisorFields { try body(&self[keyPath: field]) }
        try body(&retired)
    }

    private typealias Fields = [WritableKeyPath<HartState, UInt64>]

    private static var userFields: Fields { [\.pc, \.fflags, \.frm] }

    private static var machineFields: Fields {
        [
            \.mstatus.rawValue, \.misa, \.mhartid, \.medeleg, \.mideleg, \.mie, \.mip, \.mtvec, \.mcounteren,
            \.mcountinhibit, \.mscratch, \.miselect, \.mepc, \.mcause, \.mtval, \.mtval2, \.mtinst, \.menvcfg.rawValue,
            \.mseccfg.rawValue, \.mnscratch, \.mnepc, \.mncause, \.mnstatus.rawValue,
        ]
    }

    private static var supervisorFields: Fields {
        [
            \.stvec, \.sscratch, \.sepc, \.scause, \.stval, \.scounteren, \.senvcfg.rawValue, \.satp.rawValue,
            \.siselect, \.stimecmp,
        ]
    }

    private static var hypervisorFields: Fields {
        [
            \.hstatus.rawValue, \.hedeleg, \.hideleg, \.hcounteren, \.hgeie, \.htimedelta, \.htval, \.htinst,
            \.hgatp.rawValue, \.henvcfg.rawValue,
        ]
    }

    private static var virtualSupervisorFields: Fields {
        [
            \.vsstatus.rawValue, \.vstvec, \.vsscratch, \.vsepc, \.vscause, \.vstval, \.vsatp.rawValue, \.vsiselect,
            \.vstimecmp,
        ]
    }
}
