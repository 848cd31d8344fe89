import Testing

@testable import RV64Core

/// A register's fields as the manual draws them.
struct RegisterLayout: CustomTestStringConvertible, Sendable {
    let name: String
    let writable: [UInt64]
    let readOnly: [UInt64]
    /// What the implementation lets software write.
    let writableMask: UInt64
    var testDescription: String { name }
}

@Suite("Fields of the CSRs")
struct FieldPartitionTests {
    static let layouts: [RegisterLayout] = [
        RegisterLayout(
            name: "mstatus",
            writable: [
                Flag<MStatus>.sie.mask, Flag<MStatus>.mie.mask, Flag<MStatus>.spie.mask, Flag<MStatus>.mpie.mask,
                Flag<MStatus>.spp.mask, Field<MStatus>.mpp.mask, Field<MStatus>.fs.mask, Flag<MStatus>.mprv.mask,
                Flag<MStatus>.sum.mask, Flag<MStatus>.mxr.mask, Flag<MStatus>.tvm.mask, Flag<MStatus>.tw.mask,
                Flag<MStatus>.tsr.mask, Flag<MStatus>.gva.mask, Flag<MStatus>.mpv.mask,
                Flag<MStatus>.sdt.mask, Flag<MStatus>.mdt.mask,
            ],
            readOnly: [
                Field<MStatus>.vs.mask, Field<MStatus>.xs.mask, Field<MStatus>.uxl.mask, Field<MStatus>.sxl.mask,
                Flag<MStatus>.sd.mask,
            ],
            writableMask: MStatus.writableMask(privilegedExtensions)
        ),
        RegisterLayout(
            name: "sstatus",
            writable: [
                Flag<SStatus>.sie.mask, Flag<SStatus>.spie.mask, Flag<SStatus>.spp.mask, Field<SStatus>.fs.mask,
                Flag<SStatus>.sum.mask, Flag<SStatus>.mxr.mask, Flag<SStatus>.sdt.mask,
            ],
            readOnly: [
                Field<SStatus>.vs.mask, Field<SStatus>.xs.mask, Field<SStatus>.uxl.mask, Flag<SStatus>.sd.mask,
            ],
            writableMask: SStatus.writableMask(privilegedExtensions)
        ),
        RegisterLayout(
            name: "hstatus",
            writable: [
                Flag<HStatus>.gva.mask, Flag<HStatus>.spv.mask, Flag<HStatus>.spvp.mask, Flag<HStatus>.hu.mask,
                Field<HStatus>.vgein.mask, Flag<HStatus>.vtvm.mask, Flag<HStatus>.vtw.mask, Flag<HStatus>.vtsr.mask,
                Field<HStatus>.hupmm.mask,
            ],
            readOnly: [Field<HStatus>.vsxl.mask],
            writableMask: HStatus.writableMask(privilegedExtensions)
        ),
        RegisterLayout(
            name: "satp",
            writable: [Field<SATP>.mode.mask, Field<SATP>.asid.mask, Field<SATP>.ppn.mask],
            readOnly: [],
            writableMask: ~0
        ),
        RegisterLayout(
            name: "hgatp",
            writable: [Field<HGATP>.mode.mask, Field<HGATP>.vmid.mask, Field<HGATP>.ppn.mask & ~3],
            readOnly: [3],
            writableMask: HGATP.writableMask
        ),
        RegisterLayout(
            name: "menvcfg",
            writable: [
                Flag<EnvironmentConfiguration>.fiom.mask, Flag<EnvironmentConfiguration>.cbcfe.mask,
                Flag<EnvironmentConfiguration>.cbze.mask, Field<EnvironmentConfiguration>.cbie.mask,
                Flag<EnvironmentConfiguration>.adue.mask, Flag<EnvironmentConfiguration>.pbmte.mask,
                Flag<EnvironmentConfiguration>.stce.mask, Flag<EnvironmentConfiguration>.dte.mask,
                Flag<EnvironmentConfiguration>.cde.mask, Field<EnvironmentConfiguration>.pmm.mask,
            ],
            readOnly: [],
            writableMask: EnvironmentConfiguration.machineWritableMask(.all)
        ),
        RegisterLayout(
            name: "senvcfg",
            writable: [
                Flag<EnvironmentConfiguration>.fiom.mask, Flag<EnvironmentConfiguration>.cbcfe.mask,
                Flag<EnvironmentConfiguration>.cbze.mask, Field<EnvironmentConfiguration>.cbie.mask,
                Field<EnvironmentConfiguration>.pmm.mask,
            ],
            readOnly: [],
            writableMask: EnvironmentConfiguration.userWritableMask(.all)
        ),
        RegisterLayout(
            name: "mseccfg",
            writable: [
                Flag<SecurityConfiguration>.mml.mask, Flag<SecurityConfiguration>.mmwp.mask,
                Flag<SecurityConfiguration>.rlb.mask, Flag<SecurityConfiguration>.useed.mask,
                Flag<SecurityConfiguration>.sseed.mask, Field<SecurityConfiguration>.pmm.mask,
            ],
            readOnly: [],
            writableMask: SecurityConfiguration.writableMask(.all)
        ),
        RegisterLayout(
            name: "mnstatus",
            writable: [
                Flag<NonMaskableStatus>.nmie.mask, Flag<NonMaskableStatus>.mnpv.mask,
                Field<NonMaskableStatus>.mnpp.mask,
            ],
            readOnly: [],
            writableMask: NonMaskableStatus.writableMask(.all)
        ),
        RegisterLayout(
            name: "mcyclecfg",
            writable: [
                Flag<CounterConfiguration>.minh.mask, Flag<CounterConfiguration>.sinh.mask,
                Flag<CounterConfiguration>.uinh.mask, Flag<CounterConfiguration>.vsinh.mask,
                Flag<CounterConfiguration>.vuinh.mask,
            ],
            readOnly: [Flag<CounterConfiguration>.of.mask, Field<CounterConfiguration>.event.mask],
            writableMask: CounterConfiguration.filterMask(.all)
        ),
        RegisterLayout(
            name: "mstateen0",
            writable: [
                Flag<StateEnable>.environmentConfiguration.mask, Flag<StateEnable>.indirectAccess.mask,
                Flag<StateEnable>.stateEnable.mask,
            ],
            readOnly: [],
            writableMask: StateEnable.writableMask(number: 0, .all)
        ),
    ]

    @Test("fields are disjoint, and the writable mask is the union of the writable fields", arguments: layouts)
    func partition(_ layout: RegisterLayout) {
        var seen: UInt64 = 0
        for mask in layout.writable + layout.readOnly {
            #expect(mask != 0)
            #expect(seen & mask == 0, "overlap at \(String(mask, radix: 16))")
            seen |= mask
        }
        #expect(layout.writable.reduce(0, |) == layout.writableMask)
    }

    @Test("a field reads back what was put into it, and nothing else changes")
    func fieldAccess() {
        var status = MStatus(~0)
        status[.mpp] = 0
        #expect(status.rawValue == ~(UInt64(3) << 11))
        status[.mpp] = 1
        #expect(status[.mpp] == 1)
        // A value wider than the field is cut.
        status[.mpp] = 7
        #expect(status.rawValue == ~0)
        status[.mprv] = false
        #expect(status.rawValue == ~(UInt64(1) << 17))
    }
}
