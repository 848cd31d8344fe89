import Platform
import Synchronization

/// Where one stage's walk ended.
struct PageTranslation {
    /// The translated address, offset included.
    let address: UInt64
    let permissions: PagePermissions
    /// log2 of the page's size.
    let pageShift: UInt64
}

/// One stage of translation, first or G: the walker is the same, the data differ.
struct PageTable {
    let scheme: PagingScheme
    let root: UInt64
    /// A and D bits are updated by the walk (Svadu) instead of faulting (Svade).
    let updatesAccessedDirty: Bool
    let memoryTypes: PageTableEntry.MemoryTypes
}

/// Why a walk failed, before it is mapped to a trap.
enum WalkFailure: Error {
    /// The entry is invalid, malformed or refuses the access.
    case page
    /// The entry itself could not be accessed physically.
    case access
    /// The entry's own address faulted in the G-stage.
    case implicit(Trap)
}

extension Hart {
    /// Walks one stage's table for `address`. Privileged ISA, "Virtual Address Translation Process".
    ///
    /// `locate` finds the host memory of an entry: through the G-stage where the table belongs to a guest.
    func walk(
        _ table: PageTable,
        _ address: UInt64,
        _ kind: AccessKind,
        _ context: TranslationContext,
        locate: (_ entry: UInt64, _ access: AccessKind) throws(WalkFailure) -> UnsafeMutableRawPointer
    ) throws(WalkFailure) -> PageTranslation {
        guard table.scheme.isCanonical(address) else { throw .page }
        count(.pageTableWalk)
        var base = table.root &<< Page.shift
        var level = table.scheme.levels - 1
        while level >= 0 {
            let entryAddress = base &+ table.scheme.index(address, level: level) &* 8
            let pointer = try locate(entryAddress, .load)
            let cell = pointer.assumingMemoryBound(to: Atomic<UInt64>.self)
            let entry = PageTableEntry(rawValue: cell.pointee.load(ordering: .relaxed))
            guard
                entry.isWellFormed(level: level, extensions: extensions, memoryTypes: table.memoryTypes)
            else { throw .page }
            guard entry.isLeaf else {
                base = entry.pageNumber &<< Page.shift
                level -= 1
                continue
            }
            let granted = permissions(of: entry, stage: table.scheme, context)
            guard granted.allows(kind) else { throw .page }
            let needed = kind == .store ? PageTableEntry.accessed | PageTableEntry.dirty : PageTableEntry.accessed
            if entry.rawValue & needed != needed {
                guard table.updatesAccessedDirty else { throw .page }
                _ = try locate(entryAddress, .store)
                _ = memory.watch(ofHost: pointer)?.willStore()
                // Another hart may have changed the entry meanwhile: then the walk starts again at this level.
                let isUpdated = cell.pointee.compareExchange(
                    expected: entry.rawValue,
                    desired: entry.rawValue | needed,
                    ordering: .relaxed
                ).exchanged
                guard isUpdated else { continue }
            }
            let isDirty = (entry.rawValue | needed) & PageTableEntry.dirty != 0
            // A clean page takes the slow path at its first store, which sets D or faults.
            return Self.leaf(entry, level, address, isDirty || kind == .store ? granted : granted.subtracting(.write))
        }
        throw .page
    }

    /// The memory of an entry at a physical address.
    @inline(__always)
    func locateEntry(_ entry: UInt64, _ access: AccessKind) throws(WalkFailure) -> UnsafeMutableRawPointer {
        guard isPermitted(access, at: entry, count: 8, privilege: 1),
            let pointer = memory.pointer(at: entry, count: 8)
        else { throw .access }
        return pointer
    }

    private static func leaf(
        _ entry: PageTableEntry,
        _ level: Int,
        _ address: UInt64,
        _ permissions: PagePermissions
    ) -> PageTranslation {
        let shift: UInt64 = entry.isNAPOT ? 16 : 12 &+ 9 &* UInt64(level)
        let number = entry.isNAPOT ? entry.pageNumber & ~0xF : entry.pageNumber
        let offsetMask: UInt64 = (1 &<< shift) &- 1
        return PageTranslation(
            address: (number &<< Page.shift) | (address & offsetMask),
            permissions: permissions,
            pageShift: shift
        )
    }

    /// What a leaf grants in a context: U, SUM, MXR and HLVX applied.
    private func permissions(
        of entry: PageTableEntry,
        stage: PagingScheme,
        _ context: TranslationContext
    ) -> PagePermissions {
        var granted: PagePermissions = []
        if entry.isReadable { granted.insert(.read) }
        if entry.isWritable { granted.insert(.write) }
        if entry.isExecutable { granted.insert(.execute) }
        if context.flags.contains(.readsAsExecute) {
            // HLVX: execute takes the place of read.
            granted = entry.isExecutable ? [.read, .execute] : []
        } else if entry.isExecutable {
            let exposes: TranslationContext.Flags =
                stage.isGuestStage ? .guestExecutableReadable : [.executableReadable]
            if context.flags.contains(exposes) { granted.insert(.read) }
        }
        if stage.isGuestStage || context.mode.isUser {
            // Every G-stage access counts as a user access.
            return entry.isUser ? granted : []
        }
        guard entry.isUser else { return granted }
        return context.flags.contains(.supervisorUserMemory) ? granted.subtracting(.execute) : []
    }
}
