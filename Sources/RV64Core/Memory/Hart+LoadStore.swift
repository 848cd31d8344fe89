import Platform

/// The paths that the TLB's fast check cannot take: misses, page crossings, devices and faults.
extension Hart {
    /// Loads through a bank, which learns the page on the way.
    func load(
        _ address: UInt64,
        _ width: AccessWidth,
        _ bank: TLBBank
    ) throws(Trap) -> UInt64 {
        let address = bank.context.effectiveAddress(address)
        let inPage = Page.size &- (address & Page.offsetMask)
        guard inPage < width.bytes else {
            let location = try locate(address, width.bytes, .load, bank)
            switch location {
            case .memory(let pointer): return pointer.loadLittleEndian(width)
            case .physical(let physical): return try readDevice(physical, width, address, bank.context)
            }
        }
        let first = try locateBytes(address, inPage, .load, bank, from: address)
        let second = try locateBytes(
            bank.context.effectiveAddress(address &+ inPage),
            width.bytes &- inPage,
            .load,
            bank,
            from: address
        )
        var value: UInt64 = 0
        for index in 0..<width.bytes {
            let byte = index < inPage ? first.byte(index) : second.byte(index &- inPage)
            value |= UInt64(byte) &<< (8 &* index)
        }
        return value
    }

    func store(
        _ address: UInt64,
        _ width: AccessWidth,
        _ value: UInt64,
        _ bank: TLBBank
    ) throws(Trap) {
        let address = bank.context.effectiveAddress(address)
        let inPage = Page.size &- (address & Page.offsetMask)
        guard inPage < width.bytes else {
            let location = try locate(address, width.bytes, .store, bank)
            switch location {
            case .memory(let pointer): pointer.storeLittleEndian(value, width)
            case .physical(let physical): try writeDevice(physical, width, value, address, bank.context)
            }
            return
        }
        // Both pages are checked before the first byte is written: a store that traps has stored nothing.
        let first = try locateBytes(address, inPage, .store, bank, from: address)
        let second = try locateBytes(
            bank.context.effectiveAddress(address &+ inPage),
            width.bytes &- inPage,
            .store,
            bank,
            from: address
        )
        for index in 0..<width.bytes {
            let byte = UInt8(truncatingIfNeeded: value &>> (8 &* index))
            if index < inPage { first.setByte(index, byte) } else { second.setByte(index &- inPage, byte) }
        }
    }

    /// Where an access ends: in RAM, or at a physical address that RAM does not hold.
    enum Location {
        case memory(UnsafeMutableRawPointer)
        case physical(UInt64)
    }

    /// Translates, checks PMP, and enters the page in the TLB where the whole page behaves alike.
    func locate(
        _ address: UInt64,
        _ count: UInt64,
        _ kind: AccessKind,
        _ bank: TLBBank
    ) throws(Trap) -> Location {
        let address = bank.context.effectiveAddress(address)
        // The engines look at the last byte's page, and at addresses as they are: parts of an access over two pages, and
        // addresses whose top is ignored, are found only here.
        if let pointer = bank.location(of: address, kind) { return .memory(pointer) }
        // A hart with a journal walks: the right to store would come back unseen.
        if journal == nil, let pointer = bank.recall(address, kind) { return .memory(pointer) }
        if let pointer = journal?.resumeGrant(of: address, kind, bank) { return .memory(pointer) }
        return try reach(try translate(address, kind, bank.context), at: address, count, kind, bank)
    }

    /// The end of an access whose translation is known.
    func reach(
        _ translation: Translation,
        at address: UInt64,
        _ count: UInt64,
        _ kind: AccessKind,
        _ bank: TLBBank
    ) throws(Trap) -> Location {
        let access = bank.context
        let physical = translation.physicalAddress
        let privilege = access.mode.nominal
        let page = physical & ~Page.offsetMask
        let whole = physicalProtection(at: page, count: Page.size, privilege: privilege)
        let allowed = whole ?? physicalProtection(at: physical, count: count, privilege: privilege) ?? []
        // HLVX: PMP must grant both execute and read.
        let needsExecute = access.flags.contains(.readsAsExecute)
        guard allowed.allows(kind), !needsExecute || allowed.contains(.execute) else {
            throw accessTrap(.access, kind, address, access)
        }
        guard let host = memory.pointer(at: page, count: Page.size) else {
            // norm:hlsv_u_op: nor do the attributes of devices grant execution.
            guard !needsExecute else { throw accessTrap(.access, kind, address, access) }
            return .physical(physical)
        }
        // A page with a mailbox in it never becomes writable on the fast path, and costs the others one comparison.
        let isMailboxPage = page == mailboxPage
        if isMailboxPage, isMailbox(physical, count, kind) { return .physical(physical) }
        let mayStore = kind == .store ? willStore(into: host) : mayStoreUnseen(into: host)
        if let whole {
            let isHidden = isMailboxPage || mayStore == false
            let granted = translation.permissions.intersection(isHidden ? whole.subtracting(.write) : whole)
            bank.enter(address, host, granted, pageShift: translation.pageShift)
            journal?.noteGrant(of: address, bank)
        }
        return .memory(host + Int(truncatingIfNeeded: physical & Page.offsetMask))
    }

    /// Whether a store is the device's. A cache block that is zeroed, mailbox and all, is memory's.
    private func isMailbox(_ physical: UInt64, _ count: UInt64, _ kind: AccessKind) -> Bool {
        let mailbox = configuration.mailbox
        return kind == .store && count <= AccessWidth.double.bytes && physical < mailbox.upperBound
            && physical &+ count > mailbox.lowerBound
    }

    /// The RAM behind one page's part of a misaligned access. Devices take no misaligned accesses.
    private func locateBytes(
        _ address: UInt64,
        _ count: UInt64,
        _ kind: AccessKind,
        _ bank: TLBBank,
        from original: UInt64
    ) throws(Trap) -> PagePart {
        do throws(Trap) {
            switch try locate(address, count, kind, bank) {
            case .memory(let pointer): return PagePart(base: pointer)
            case .physical: throw accessTrap(.access, kind, address, bank.context)
            }
        } catch {
            var trap = error
            trap.addressOffset = UInt8(truncatingIfNeeded: address &- original)
            throw trap
        }
    }

    /// A checked run of bytes inside one page.
    private struct PagePart {
        let base: UnsafeMutableRawPointer
        func byte(_ index: UInt64) -> UInt8 {
            base.load(fromByteOffset: Int(truncatingIfNeeded: index), as: UInt8.self)
        }
        func setByte(_ index: UInt64, _ value: UInt8) {
            base.storeBytes(of: value, toByteOffset: Int(truncatingIfNeeded: index), as: UInt8.self)
        }
    }

    private func readDevice(
        _ physical: UInt64,
        _ width: AccessWidth,
        _ address: UInt64,
        _ access: TranslationContext
    ) throws(Trap) -> UInt64 {
        do throws(BusFault) {
            guard physical & (width.bytes &- 1) == 0 else { throw .unsupportedWidth }
            let value = try bus.read(width, at: physical)
            if isObserved(.deviceAccess) { tell(.deviceAccess(DeviceAccess(.read, physical, width, value))) }
            return value
        } catch {
            throw accessTrap(.access, .load, address, access)
        }
    }

    private func writeDevice(
        _ physical: UInt64,
        _ width: AccessWidth,
        _ value: UInt64,
        _ address: UInt64,
        _ access: TranslationContext
    ) throws(Trap) {
        do throws(BusFault) {
            guard physical & (width.bytes &- 1) == 0 else { throw .unsupportedWidth }
            try bus.write(value, width, at: physical)
            if isObserved(.deviceAccess) { tell(.deviceAccess(DeviceAccess(.write, physical, width, value))) }
        } catch {
            throw accessTrap(.access, .store, address, access)
        }
    }
}

extension UnsafeMutableRawPointer {
    /// Zero-extended. Aligned accesses are single host accesses, as RVWMO asks.
    @inline(__always)
    func loadLittleEndian(_ width: AccessWidth) -> UInt64 {
        switch width {
        case .byte: UInt64(loadWhole(UInt8.self))
        case .half: UInt64(UInt16(littleEndian: loadWhole(UInt16.self)))
        case .word: UInt64(UInt32(littleEndian: loadWhole(UInt32.self)))
        case .double: UInt64(littleEndian: loadWhole(UInt64.self))
        }
    }

    @inline(__always)
    func storeLittleEndian(_ value: UInt64, _ width: AccessWidth) {
        switch width {
        case .byte: storeWhole(UInt8(truncatingIfNeeded: value))
        case .half: storeWhole(UInt16(truncatingIfNeeded: value).littleEndian)
        case .word: storeWhole(UInt32(truncatingIfNeeded: value).littleEndian)
        case .double: storeWhole(value.littleEndian)
        }
    }

    /// One load of the host in unoptimised builds too, where `loadUnaligned` and `storeBytes` are copies, of two bytes one
    /// after the other. The hosts do not ask for alignment.
    @inline(__always)
    func loadWhole<T: FixedWidthInteger>(_ type: T.Type) -> T { assumingMemoryBound(to: T.self).pointee }

    /// As ``loadWhole(_:)``.
    @inline(__always)
    func storeWhole<T: FixedWidthInteger>(_ value: T) { assumingMemoryBound(to: T.self).pointee = value }
}
