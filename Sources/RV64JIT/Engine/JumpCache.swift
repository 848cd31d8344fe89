import RV64Core

/// Where indirect jumps have led: entries by virtual address, each with the translation that it rests on.
enum JumpCache {
    static let count = HartArea.engineRoomSize / stride
    static let stride = 32
    /// `pc << shift & mask` is the distance of an entry: pc is even.
    static let shift: Int32 = 4
    static let mask = Int32((count - 1) * stride)

    /// pc and 1: no entry is zero.
    static let key = 0
    static let addend = 8
    static let code = 16
    /// The distance of the TLB entry in its bank.
    static let entry = 24

    static func place(of pc: UInt64, in hart: Hart) -> UnsafeMutableRawPointer {
        hart.area.base + HartArea.engineRoomOffset
            + Int(truncatingIfNeeded: pc &<< UInt64(shift) & UInt64(mask))
    }

    static func forget(_ pc: UInt64, in hart: Hart) { place(of: pc, in: hart).storeBytes(of: 0, as: UInt64.self) }
}
