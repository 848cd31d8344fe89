/// Which translations a fence orders; nil means all. Privileged ISA, "SFENCE.VMA", "HFENCE.VVMA", "HFENCE.GVMA".
package enum TranslationFence: Sendable {
    /// First-stage translations of HS and U.
    case supervisor(address: UInt64?, asid: UInt64?)
    /// VS-stage translations of the current VMID.
    case virtualSupervisor(address: UInt64?, asid: UInt64?)
    /// G-stage translations of one VMID or all. Combined results know no guest physical address, so all go.
    case guest(vmid: UInt64?)
}

extension Hart {
    /// Orders page-table writes before later translations, on this hart.
    ///
    /// A fence of everything also drops what has no first stage, though nothing asks for it: some software relies on it
    /// after a change of the G-stage.
    package func perform(_ fence: TranslationFence) {
        switch fence {
        case .supervisor(let address, let asid):
            area.tlb.flush(page: address) { key in
                !key.mode.isVirtual && (address == nil || key.hasFirstStage) && (asid == nil || key.firstStage[.asid] == asid)
            }
        case .virtualSupervisor(let address, let asid):
            let vmid = state.pointee.hgatp[.vmid]
            area.tlb.flush(page: address) { key in
                key.mode.isVirtual && (address == nil || key.hasFirstStage) && key.guestStage[.vmid] == vmid
                    && (asid == nil || key.firstStage[.asid] == asid)
            }
        case .guest(let vmid):
            area.tlb.flush(page: nil) { key in
                key.mode.isVirtual && (vmid == nil || key.guestStage[.vmid] == vmid)
            }
        }
    }

    /// Orders stores to instruction memory before later fetches: every block is compared with memory again before
    /// it next runs.
    package func synchronizeInstructionFetch() { engine.startFetchEpoch(self) }
}
