/// All architectural state of one hart, at fixed offsets in one block of raw memory.
///
/// Trivial by construction, so that generated code can address it, and nothing in it is of the host: what a run derives
/// from it is `RunState`. Views
/// (`sstatus`, `sip`, `sie`, `hip`, `hie`, `vsip`, ...) are computed from these, never stored.
package struct HartState: BitwiseCopyable {
    /// x0...x31, then the sink that instructions with rd = x0 write.
    package var x = InlineArray<40, UInt64>(repeating: 0)
    package var f = InlineArray<32, UInt64>(repeating: 0)
    package var pc: UInt64 = 0
    package var mode = PrivilegeMode.machine

    package var fflags: UInt64 = 0
    package var frm: UInt64 = 0

    // MARK: Machine level
    package var mstatus = MStatus(0)
    package var misa: UInt64 = 0
    package var mhartid: UInt64 = 0
    package var medeleg: UInt64 = 0
    package var mideleg: UInt64 = 0
    package var mie: UInt64 = 0
    /// The bits of `mip` that software holds: SSIP, STIP (without Sstc), SEIP's software half, and `hvip`'s three.
    package var mip: UInt64 = 0
    package var mtvec: UInt64 = 0
    package var mcounteren: UInt64 = 0
    package var mcountinhibit: UInt64 = 0
    package var mscratch: UInt64 = 0
    package var miselect: UInt64 = 0
    package var mepc: UInt64 = 0
    package var mcause: UInt64 = 0
    package var mtval: UInt64 = 0
    package var mtval2: UInt64 = 0
    package var mtinst: UInt64 = 0
    package var menvcfg = EnvironmentConfiguration(0)
    package var mseccfg = SecurityConfiguration(0)
    package var mnscratch: UInt64 = 0
    package var mnepc: UInt64 = 0
    package var mncause: UInt64 = 0
    package var mnstatus = NonMaskableStatus(Flag<NonMaskableStatus>.nmie.mask)
    package var mstateen = InlineArray<4, UInt64>(repeating: 0)
    package var pmpcfg = InlineArray<16, UInt8>(repeating: 0)
    package var pmpaddr = InlineArray<16, UInt64>(repeating: 0)
    /// `mcycle` at 0, `minstret` at 2, `mhpmcounter`n at n; a counter in `runningCounters` without `retired`.
    package var counter = InlineArray<32, UInt64>(repeating: 0)
    /// `mcyclecfg` at 0, `minstretcfg` at 2, `mhpmevent`n at n.
    package var counterConfiguration = InlineArray<32, CounterConfiguration>(repeating: CounterConfiguration(0))

    // MARK: Supervisor level
    package var stvec: UInt64 = 0
    package var sscratch: UInt64 = 0
    package var sepc: UInt64 = 0
    package var scause: UInt64 = 0
    package var stval: UInt64 = 0
    package var scounteren: UInt64 = 0
    package var senvcfg = EnvironmentConfiguration(0)
    package var sstateen = InlineArray<4, UInt64>(repeating: 0)
    package var satp = SATP(0)
    package var siselect: UInt64 = 0
    package var stimecmp: UInt64 = ~0

    // MARK: Hypervisor
    package var hstatus = HStatus.atReset
    package var hedeleg: UInt64 = 0
    package var hideleg: UInt64 = 0
    package var hcounteren: UInt64 = 0
    package var hgeie: UInt64 = 0
    package var htimedelta: UInt64 = 0
    package var htval: UInt64 = 0
    package var htinst: UInt64 = 0
    package var hgatp = HGATP(0)
    package var henvcfg = EnvironmentConfiguration(0)
    package var hstateen = InlineArray<4, UInt64>(repeating: 0)

    // MARK: Virtual supervisor
    package var vsstatus = SStatus.atReset
    package var vstvec: UInt64 = 0
    package var vsscratch: UInt64 = 0
    package var vsepc: UInt64 = 0
    package var vscause: UInt64 = 0
    package var vstval: UInt64 = 0
    package var vsatp = SATP(0)
    package var vsiselect: UInt64 = 0
    package var vstimecmp: UInt64 = ~0

    // MARK: Execution
    /// A trap came that no handler could take: the hart has stopped for good. norm:trap_unexp_hndl_no_rnmi
    package var isInCriticalError = false
    /// Instructions retired since reset, up to the last point where the run loop wrote it back.
    package var retired: UInt64 = 0

    package init() {}
}
