import Platform

/// Zicbom and Zicboz. Caches of this machine are coherent with everything, so that the management operations have
/// nothing to do beyond their checks.
extension Hart {
    /// Bytes that a CBO works on. norm:zic64b_cache_block_size
    package static let cacheBlockSize: UInt64 = 64

    /// Executes a CBO.
    func executeCacheBlock(_ operation: CacheBlockOperation, _ instruction: DecodedInstruction) throws(Trap) {
        try checkEnabled(operation, instruction)
        let address = x[instruction.rs1]
        switch operation {
        case .zero: try zeroBlock(address)
        case .invalidate, .clean, .flush: try manageBlock(address)
        }
    }

    /// The only place that decides between illegal- and virtual-instruction for CBOs.
    /// norm:cbo-inval norm:cbo-clean_cbo-flush norm:cbo-zero_basedon_xenvcfg-CBZE
    private func checkEnabled(_ operation: CacheBlockOperation, _ instruction: DecodedInstruction) throws(Trap) {
        func isEnabled(_ register: EnvironmentConfiguration) -> Bool {
            switch operation {
            case .zero: register[.cbze]
            case .invalidate: register[.cbie] != 0
            case .clean, .flush: register[.cbcfe]
            }
        }
        let mode = state.pointee.mode
        guard mode == .machine || isEnabled(state.pointee.menvcfg) else { throw illegal(instruction) }
        switch mode {
        case .machine, .supervisor: break
        case .user: guard isEnabled(state.pointee.senvcfg) else { throw illegal(instruction) }
        case .virtualSupervisor: guard isEnabled(state.pointee.henvcfg) else { throw virtual(instruction) }
        case .virtualUser:
            guard isEnabled(state.pointee.henvcfg), isEnabled(state.pointee.senvcfg) else { throw virtual(instruction) }
        }
    }

    /// norm:cbz_access. Devices do not support it.
    private func zeroBlock(_ address: UInt64) throws(Trap) {
        let offset = address & (Self.cacheBlockSize &- 1)
        do throws(Trap) {
            let block = try cell(address &- offset, Self.cacheBlockSize, .store)
            block.initializeMemory(as: UInt8.self, repeating: 0, count: Int(Self.cacheBlockSize))
        } catch {
            throw blockFault(error, offset)
        }
    }

    /// norm:cbm_access: permitted where a load or a store is, and whatever grants stores grants loads too.
    private func manageBlock(_ address: UInt64) throws(Trap) {
        let offset = address & (Self.cacheBlockSize &- 1)
        do throws(Trap) {
            let bank = runState.pointee.data
            let location = try locate(address &- offset, Self.cacheBlockSize, .load, bank)
            if case .physical(let physical) = location, bus.region(at: physical, .byte) == nil {
                let start = bank.context.effectiveAddress(address &- offset)
                throw accessTrap(.access, .store, start, bank.context)
            }
        } catch {
            throw blockFault(error, offset)
        }
    }

    /// A trap for the start of a block, as one for the address itself: always a store's.
    /// norm:fault_excep_csr norm:cbm_unperm_fault
    private func blockFault(_ fault: Trap, _ offset: UInt64) -> Trap {
        var trap = fault
        trap.value &+= offset
        trap.cause = trap.cause.asStore
        // The address of an implicit access is that of a page-table entry.
        if trap.cause == .storeGuestPageFault, trap.instruction == .transformed {
            trap.guestPhysicalAddress &+= offset
        }
        return trap
    }
}
