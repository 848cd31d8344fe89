/// A run of decoded instructions that is entered only at its start. It follows jumps and untaken branches inside one
/// page.
///
/// The operations lie behind this header, each branch, JAL and `endOfBlock` followed by its `BlockLink`.
package struct Block: BitwiseCopyable {
    /// The host address of the first instruction: physical identity, whatever the virtual address.
    package var source: UInt64
    /// The fetch epoch in which the instructions were last compared with memory.
    var epoch: UInt64

    package static let maximumCount = 64
    /// Cells of a block that is nothing but branches, with its end.
    package static let maximumCells = 2 * (maximumCount + 1)
    static let maximumBytes = MemoryLayout<Block>.stride + maximumCells * MemoryLayout<BlockOperation>.stride
}

/// One place in a block: a decoded instruction, and what the interpreter does about it. 16 bytes.
///
/// The instruction stays whole where its handler does more, or less, than it alone.
package struct BlockOperation: BitwiseCopyable {
    /// The opcode, and below it in `indexBits` how many instructions of the block come before this one.
    private var opcodeAndIndex: UInt16
    var rd: UInt8
    var rs1: UInt8
    var rs2: UInt8
    var handler: Handler
    /// Distance from the start of the block in bytes.
    package var offset: UInt16
    var immediate: Int32
    package var raw: UInt32

    private static let indexBits: UInt16 = 7
    /// The opcodes that fit.
    static let opcodeLimit = 1 << (16 - Int(indexBits))

    @inline(__always)
    init(_ instruction: DecodedInstruction, _ handler: Handler, offset: UInt64, index: Int) {
        self.handler = handler
        rd = instruction.rd
        rs1 = instruction.rs1
        rs2 = instruction.rs2
        self.offset = UInt16(truncatingIfNeeded: offset)
        opcodeAndIndex = instruction.opcode.rawValue &<< Self.indexBits | UInt16(truncatingIfNeeded: index)
        immediate = instruction.immediate
        raw = instruction.raw
    }

    @inline(__always)
    package var index: Int { Int(opcodeAndIndex & (1 &<< Self.indexBits &- 1)) }

    // SAFETY: an opcode's raw values count its cases, as a test makes sure; so do the bits of a value.
    @inline(__always)
    package var opcode: Opcode { unsafeBitCast(opcodeAndIndex &>> Self.indexBits, to: Opcode.self) }

    /// Bytes of the original encoding: 2 or 4.
    @inline(__always)
    package var length: UInt8 { raw & 3 == 3 ? 4 : 2 }

    /// The instruction as the decoder made it.
    @inline(__always)
    package var decoded: DecodedInstruction {
        DecodedInstruction(opcode: opcode, rd: rd, rs1: rs1, rs2: rs2, immediate: immediate, raw: raw)
    }
}

/// Where an exit of a block leads, once known. The size of an instruction.
struct BlockLink: BitwiseCopyable {
    var target: UnsafeMutablePointer<Block>?
    /// The host page where a target must lie for the link to hold in every address space: the page of the block, if
    /// the exit stays inside it.
    var page: UInt64

    /// The page of exits that cannot be linked.
    static let never: UInt64 = ~0
}

extension UnsafeMutablePointer where Pointee == Block {
    /// The operations behind the header.
    @inline(__always)
    package var operations: UnsafeMutablePointer<BlockOperation> {
        // SAFETY: `BlockCache` reserves `Block.maximumBytes` for every block.
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: BlockOperation.self)
    }
}

/// A place in a block: what the interpreter executes next. Fields are read one by one, as an operation needs them.
extension UnsafeMutablePointer where Pointee == BlockOperation {
    @inline(__always) var rd: Int { Int(pointee.rd) }
    @inline(__always) var rs1: Int { Int(pointee.rs1) }
    @inline(__always) var rs2: Int { Int(pointee.rs2) }
    /// The immediate as an operand.
    @inline(__always) var operand: UInt64 { UInt64(bitPattern: Int64(pointee.immediate)) }
    /// The distance of this instruction from the start of the block.
    @inline(__always) var offset: UInt64 { UInt64(pointee.offset) }
    /// The distance of the next instruction from the start of the block.
    @inline(__always) var nextOffset: UInt64 { UInt64(pointee.offset) &+ UInt64(pointee.length) }
    /// How many instructions of the block come before this one.
    @inline(__always) var index: Int { pointee.index }

    /// The link behind a branch, JAL or `endOfBlock`.
    @inline(__always)
    var link: UnsafeMutablePointer<BlockLink> {
        // SAFETY: the block builder puts a link behind each of these.
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: BlockLink.self)
    }
}

/// How the translator walks through a block.
extension UnsafeMutablePointer where Pointee == BlockOperation {
    /// Past the last instruction.
    @inline(__always)
    package var isEnd: Bool { pointee.handler == .endOfBlock }

    @inline(__always)
    package var next: Self { self + (pointee.handler.hasLink ? 2 : 1) }
}

extension BlockOperation {
    /// A jump behind which the block goes on at its target.
    @inline(__always)
    package var isFollowed: Bool { handler == .followedJump }
}
