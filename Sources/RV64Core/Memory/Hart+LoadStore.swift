import Platform

/// The paths that the TLB's fast check cannot take: misses, page crossings, devices and faults.
extension Hart {
    /// `entries` is the TLB of `access`, filled on the way; nil for one-off accesses (HLVX).
    func load(
        _ address: UInt64,
        _ width: AccessWidth,
        _ access: TranslationContext,
        caching entries: UnsafeMutablePointer<TLBEntry>?
    ) throws(Trap) -> UInt64 {
        let address = access.effectiveAddress(address)
        let inPage = Page.size &- (address & Page.offsetMask)
        guard inPage < width.bytes else {
            let location = try locate(address, width.bytes, .load, access, caching: entries)
            switch location {
            case .memory(let pointer): return pointer.loadLittleEndian(width)
            case .physical(let physical): return try readDevice(physical, width, address, access)
            }
        }
        let first = try locateBytes(address, inPage, .load, access, caching: entries, from: address)
        let second = try locateBytes(
            access.effectiveAddress(address &+ inPage),
            width.bytes &- inPage,
            .load,
            access,
            caching: entries,
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
        _ access: TranslationContext,
        caching entries: UnsafeMutablePointer<TLBEntry>?
    ) throws(Trap) {
        let address = access.effectiveAddress(address)
        let inPage = Page.size &- (address & Page.offsetMask)
        guard inPage < width.bytes else {
            let location = try locate(address, width.bytes, .store, access, caching: entries)
            switch location {
            case .memory(let pointer): pointer.storeLittleEndian(value, width)
            case .physical(let physical): try writeDevice(physical, width, value, address, access)
            }
            return
        }
        // Both pages are checked before the first byte is written: a store that traps has stored nothing.
        let first = try locateBytes(address, inPage, .store, access, caching: entries, from: address)
        let second = try locateBytes(
            access.effectiveAddress(address &+ inPage),
            width.bytes &- inPage,
            .store,
            access,
            caching: entries,
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
        _ access: TranslationContext,
        caching entries: UnsafeMutablePointer<TLBEntry>?
    ) throws(Trap) -> Location {
        let address = access.effectiveAddress(address)
        if let entries, let pointer = cached(address, kind, in: entries) { return .memory(pointer) }
        let translation = try translate(address, kind, access)
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
        guard page != mailboxPage else {
            if isMailbox(physical, count, kind) { return .physical(physical) }
            if let entries, let whole { enter(address, host, translation, whole.subtracting(.write), in: entries) }
            return .memory(host + Int(truncatingIfNeeded: physical & Page.offsetMask))
        }
        if let entries, let whole {
            enter(address, host, translation, whole, in: entries)
        }
        return .memory(host + Int(truncatingIfNeeded: physical & Page.offsetMask))
    }

    /// Whether a store is the device's. A cache block that is zeroed, mailbox and all, is memory's.
    private func isMailbox(_ physical: UInt64, _ count: UInt64, _ kind: AccessKind) -> Bool {
        let mailbox = configuration.mailbox
        return kind == .store && count <= AccessWidth.double.bytes && physical < mailbox.upperBound
            && physical &+ count > mailbox.lowerBound
    }

    /// What the TLB knows about one part of an access over two pages, or an address whose top is ignored: neither ever
    /// matches a tag on the fast path.
    private func cached(
        _ address: UInt64,
        _ kind: AccessKind,
        in entries: UnsafeMutablePointer<TLBEntry>
    ) -> UnsafeMutableRawPointer? {
        let entry = entries[TranslationBank.index(address)]
        let tag =
            switch kind {
            case .fetch: entry.fetchTag
            case .load: entry.readTag
            case .store: entry.writeTag
            }
        guard tag == address & ~Page.offsetMask else { return nil }
        // SAFETY: a matching tag means that the addend leads into a page of RAM.
        return UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.addend))
    }

    private func enter(
        _ address: UInt64,
        _ host: UnsafeMutableRawPointer,
        _ translation: Translation,
        _ protection: PagePermissions,
        in entries: UnsafeMutablePointer<TLBEntry>
    ) {
        let granted = translation.permissions.intersection(protection)
        let tag = address & ~Page.offsetMask
        let index = TranslationBank.index(address)
        entries[index] = TLBEntry(
            readTag: granted.contains(.read) ? tag : TLBEntry.invalid,
            writeTag: granted.contains(.write) ? tag : TLBEntry.invalid,
            fetchTag: granted.contains(.execute) ? tag : TLBEntry.invalid,
            addend: UInt64(UInt(bitPattern: host)) &- tag
        )
        TranslationBank.pageShifts(of: entries)[index] = UInt8(truncatingIfNeeded: translation.pageShift)
    }

    /// The RAM behind one page's part of a misaligned access. Devices take no misaligned accesses.
    private func locateBytes(
        _ address: UInt64,
        _ count: UInt64,
        _ kind: AccessKind,
        _ access: TranslationContext,
        caching entries: UnsafeMutablePointer<TLBEntry>?,
        from original: UInt64
    ) throws(Trap) -> PagePart {
        do throws(Trap) {
            switch try locate(address, count, kind, access, caching: entries) {
            case .memory(let pointer): return PagePart(base: pointer)
            case .physical: throw accessTrap(.access, kind, address, access)
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
            return try bus.read(width, at: physical)
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
        case .byte: UInt64(loadUnaligned(as: UInt8.self))
        case .half: UInt64(UInt16(littleEndian: loadUnaligned(as: UInt16.self)))
        case .word: UInt64(UInt32(littleEndian: loadUnaligned(as: UInt32.self)))
        case .double: UInt64(littleEndian: loadUnaligned(as: UInt64.self))
        }
    }

    @inline(__always)
    func storeLittleEndian(_ value: UInt64, _ width: AccessWidth) {
        switch width {
        case .byte: storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case .half: storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, as: UInt16.self)
        case .word: storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
        case .double: storeBytes(of: value.littleEndian, as: UInt64.self)
        }
    }
}
