import Platform

/// The end of both stages.
struct Translation {
    let physicalAddress: UInt64
    /// What both stages grant.
    let permissions: PagePermissions
    /// log2 of the first stage's page, which is what SFENCE and HFENCE.VVMA address.
    let pageShift: UInt64
}

extension Hart {
    /// Translates a virtual address, both stages. Privileged ISA, "Two-Stage Address Translation".
    ///
    /// - Throws: the page fault, guest-page fault or access fault that the access raises.
    func translate(
        _ address: UInt64,
        _ kind: AccessKind,
        _ context: TranslationContext
    ) throws(Trap) -> Translation {
        count(.translationMiss(kind))
        var first = PageTranslation(address: address, permissions: .all, pageShift: 63)
        if let table = firstStageTable(context) {
            do throws(WalkFailure) {
                first =
                    context.mode.isVirtual
                    ? try walkGuestTable(table, address, kind, context)
                    : try walk(table, address, kind, context)
            } catch {
                throw trap(for: error, .page, address, kind, context)
            }
        }
        guard context.mode.isVirtual else {
            return Translation(
                physicalAddress: first.address,
                permissions: first.permissions,
                pageShift: first.pageShift
            )
        }
        let guest: PageTranslation
        do throws(WalkFailure) {
            guest = try walkGuestStage(first.address, kind, context)
        } catch {
            var trap = trap(for: error, .guestPage, address, kind, context)
            // norm:htval_trapval: other faults, such as an access fault on a G-stage entry, write zero.
            if trap.cause == ExceptionCause(.guestPage, kind) {
                trap.guestPhysicalAddress = first.address
                trap.instruction = kind == .fetch ? .zero : .transformed
            }
            throw trap
        }
        return Translation(
            physicalAddress: guest.address,
            permissions: first.permissions.intersection(guest.permissions),
            pageShift: first.pageShift
        )
    }

    private func firstStageTable(_ context: TranslationContext) -> PageTable? {
        guard context.mode != .machine,
            let scheme = PagingScheme(mode: context.firstStage[.mode], isGuestStage: false)
        else { return nil }
        let environment = context.mode.isVirtual ? state.pointee.henvcfg : state.pointee.menvcfg
        return PageTable(
            scheme: scheme,
            root: context.firstStage[.ppn],
            updatesAccessedDirty: environment[.adue] && state.pointee.menvcfg[.adue],
            memoryTypes: environment[.pbmte] && state.pointee.menvcfg[.pbmte] ? .enabled : .disabled
        )
    }

    /// The G-stage alone: guest physical to physical.
    private func walkGuestStage(
        _ address: UInt64,
        _ kind: AccessKind,
        _ context: TranslationContext
    ) throws(WalkFailure) -> PageTranslation {
        guard let scheme = PagingScheme(mode: context.guestStage[.mode], isGuestStage: true) else {
            return PageTranslation(address: address, permissions: .all, pageShift: 63)
        }
        let table = PageTable(
            scheme: scheme,
            // norm:hgatp_ppn_op: the root is 16 KiB, so its two low bits are zero.
            root: context.guestStage[.ppn] & ~3,
            updatesAccessedDirty: state.pointee.menvcfg[.adue],
            memoryTypes: state.pointee.menvcfg[.pbmte] ? .enabled : .disabled
        )
        return try walk(table, address, kind, context)
    }

    /// A table in physical memory. A method in place of the closure would be one that counts the hart.
    private func walk(
        _ table: PageTable,
        _ address: UInt64,
        _ kind: AccessKind,
        _ context: TranslationContext
    ) throws(WalkFailure) -> PageTranslation {
        try walk(table, address, kind, context) { entry, access throws(WalkFailure) in
            try self.locateEntry(entry, access)
        }
    }

    /// The VS-stage. Its entries lie in guest physical memory and go through the G-stage, whose translations have a bank of
    /// their own: that of a guest without a first stage. MXR and HLVX concern explicit accesses only.
    private func walkGuestTable(
        _ table: PageTable,
        _ address: UInt64,
        _ kind: AccessKind,
        _ context: TranslationContext
    ) throws(WalkFailure) -> PageTranslation {
        let implicit = TranslationContext(
            mode: .virtualSupervisor,
            flags: [],
            firstStage: SATP(0),
            guestStage: context.guestStage
        )
        let bank = area.tlb.bank(for: implicit)
        return try walk(table, address, kind, context) { entry, access throws(WalkFailure) in
            if let pointer = bank.location(of: entry, access) { return pointer }
            return try self.locateGuestEntry(entry, access, bank, kind, address, context)
        }
    }

    /// An implicit access.
    ///
    /// norm:H_trap_xtinst_guestpage: the fault has the original access's type, and a pseudoinstruction in htinst.
    private func locateGuestEntry(
        _ entry: UInt64,
        _ access: AccessKind,
        _ bank: TLBBank,
        _ original: AccessKind,
        _ address: UInt64,
        _ context: TranslationContext
    ) throws(WalkFailure) -> UnsafeMutableRawPointer {
        let guest: PageTranslation
        do throws(WalkFailure) {
            guest = try walkGuestStage(entry, access, bank.context)
        } catch {
            var trap = trap(for: error, .guestPage, address, original, context)
            if trap.cause == ExceptionCause(.guestPage, original) {
                trap.guestPhysicalAddress = entry
                trap.instruction = access == .store ? .implicitWrite : .implicitRead
            }
            throw .implicit(trap)
        }
        let translation = Translation(
            physicalAddress: guest.address,
            permissions: guest.permissions,
            pageShift: Page.shift
        )
        do throws(Trap) {
            if case .memory(let pointer) = try reach(translation, at: entry, 8, access, bank) { return pointer }
        } catch {
            // Which access fault it is, the caller knows.
        }
        throw .access
    }

    /// The one mapping from a failed walk to a trap.
    private func trap(
        for failure: WalkFailure,
        _ fault: AccessFault,
        _ address: UInt64,
        _ kind: AccessKind,
        _ context: TranslationContext
    ) -> Trap {
        switch failure {
        case .page: accessTrap(fault, kind, address, context)
        case .access: accessTrap(.access, kind, address, context)
        case .implicit(let trap): trap
        }
    }

    /// A trap for an access to `address` in a context.
    func accessTrap(
        _ fault: AccessFault,
        _ kind: AccessKind,
        _ address: UInt64,
        _ context: TranslationContext
    ) -> Trap {
        var trap = Trap(ExceptionCause(fault, kind), value: address)
        trap.isGuestVirtualAddress = context.mode.isVirtual
        return trap
    }
}
