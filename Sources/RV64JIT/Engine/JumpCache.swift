import RV64Core

/// Where indirect jumps and traps have led: entries by mode and virtual address, each with the translation that it rests
/// on.
enum JumpCache {
    /// Each mode has a cache of its own: the modes' numbers are 0 to 5.
    static let modeCount = 6
    static let count = 32768
    static let stride = 32
    static let bytesOfMode = count * stride
    static let byteCount = modeCount * bytesOfMode
    /// `pc << shift & mask` is the distance of an entry: pc is even.
    static let shift: Int32 = 4
    static let mask = Int32((count - 1) * stride)

    /// pc and 1: no entry is zero.
    static let key = 0
    static let addend = 8
    static let code = 16
    /// The distance of the TLB entry in its bank.
    static let entry = 24

    /// The distance of a mode's cache in the hart's area.
    static func offset(of mode: PrivilegeMode) -> Int { HartArea.engineRoomOffset &+ offset(inRoom: mode) }

    @inline(__always)
    private static func offset(inRoom mode: PrivilegeMode) -> Int { Int(mode.rawValue) &* bytesOfMode }

    @inline(__always)
    private static func place(of pc: UInt64, _ mode: PrivilegeMode, in hart: Hart) -> UnsafeMutableRawPointer {
        hart.area.engineRoom + offset(inRoom: mode) + Int(truncatingIfNeeded: pc &<< UInt64(shift) & UInt64(mask))
    }

    static func remember(_ block: NativeBlock, in hart: Hart) {
        let pc = block.pc
        let place = place(of: pc, block.mode, in: hart)
        place.storeBytes(of: pc | 1, toByteOffset: key, as: UInt64.self)
        place.storeBytes(of: block.source &- pc, toByteOffset: addend, as: UInt64.self)
        place.storeBytes(of: UInt64(UInt(bitPattern: block.entry)), toByteOffset: code, as: UInt64.self)
        let distance = UInt64(TLBBank.index(pc) * MemoryLayout<TLBEntry>.stride)
        place.storeBytes(of: distance, toByteOffset: entry, as: UInt64.self)
    }

    static func forget(_ block: NativeBlock, in hart: Hart) {
        place(of: block.pc, block.mode, in: hart).storeBytes(of: 0, as: UInt64.self)
    }

    /// The code for what the hart executes next, as translated code would find it; 0 where that is not known.
    @inline(__always)
    static func code(of hart: Hart) -> UInt {
        let pc = hart.state.pointee.pc
        let place = place(of: pc, hart.state.pointee.mode, in: hart)
        guard place.load(fromByteOffset: key, as: UInt64.self) == pc | 1,
            let entries = hart.runState.pointee.fetch.entries
        else { return 0 }
        let page = entries[TLBBank.index(pc)]
        guard page.fetchTag == TLBEntry.tag(pc),
            page.addend == place.load(fromByteOffset: addend, as: UInt64.self)
        else { return 0 }
        return place.load(fromByteOffset: code, as: UInt.self)
    }
}
