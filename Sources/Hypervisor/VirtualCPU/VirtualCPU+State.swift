import Platform
import RV64Core
import Synchronization

/// What a guest's hart has besides the hart itself. Wires come back from the interrupt controller, and where a guest's
/// tables lie is of the host.
extension VirtualCPU: Savable {
    package func save(to writer: inout StateWriter) {
        // A fence of everything follows.
        drainFences()
        sleepsUntil = nil
        let root = hart.state.pointee.hgatp
        hart.state.pointee.hgatp = HGATP(0)
        hart.save(to: &writer)
        hart.state.pointee.hgatp = root
        writer.write(retiredBefore)
        writer.write(softwareInterrupt.load(ordering: .sequentiallyConsistent))
        writer.write(resumption?.address.rawValue)
        writer.write(resumption?.opaque)
        writer.write(lockedFirmwareFeatures)
    }

    /// The states of all harts have been restored before.
    package func restore(from reader: inout StateReader) throws(StateError) {
        prepare()
        let own = hart.state.pointee
        try hart.restore(from: &reader)
        sleepsUntil = nil
        retiredBefore = try reader.read()
        retired.store(hart.state.pointee.retired &+ retiredBefore, ordering: .relaxed)
        softwareInterrupt.store(try reader.read(), ordering: .sequentiallyConsistent)
        resumption = try HartEntry(from: &reader)
        lockedFirmwareFeatures = try reader.read()
        switch hartStates.state(of: index) {
        // Starting it sets it up anew.
        case .stopped, .startPending: return
        case .started, .stopPending, .suspended, .suspendPending, .resumePending: break
        }
        let saved = hart.state.pointee
        try reader.require(saved.hgatp.rawValue == 0, "guest tables of another host")
        try reader.require(saved.mode.isVirtual, "a guest outside VS-mode and VU-mode")
        // Or the guest could be more than one.
        try reader.require(
            GuestState.hypervisorRegisters(saved) == GuestState.hypervisorRegisters(own),
            "registers of the hypervisor hold what it never writes"
        )
        hart.state.pointee.hgatp = own.hgatp
    }
}

extension GuestState {
    /// What M and HS hold of a guest that runs, but for what the guest may ask them to hold, and what traps write.
    fileprivate static func hypervisorRegisters(_ state: HartState) -> [UInt64] {
        var status = state.mstatus
        for flag in [Flag<MStatus>.sie, .spie, .spp, .sdt, .sd] { status[flag] = false }
        for field in [Field<MStatus>.fs, .vs, .xs] { status[field] = 0 }
        var guest = state.hstatus
        for flag in [Flag<HStatus>.spv, .spvp, .gva] { guest[flag] = false }
        var environment = state.henvcfg
        environment[.dte] = false
        environment[.adue] = false
        environment[.pmm] = PointerMasking.off
        return [
            status.rawValue, guest.rawValue, environment.rawValue, state.medeleg, state.mideleg, state.mcounteren,
            state.menvcfg.rawValue, state.mseccfg.rawValue, state.mnstatus.rawValue, state.hideleg, state.hcounteren,
            state.hedeleg & ~misalignedExceptions, state.mie & ~InterruptSet.virtualSupervisor, state.hgeie,
            state.satp.rawValue, state.isInCriticalError ? 1 : 0,
        ]
            + (0..<4).flatMap { [state.mstateen[$0], state.hstateen[$0]] }
            + (0..<16).flatMap { [UInt64(state.pmpcfg[$0]), state.pmpaddr[$0]] }
    }
}
