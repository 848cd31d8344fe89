import Platform

extension Opcode {
    /// Has a link behind it: control may go on elsewhere in the same page.
    var hasLink: Bool {
        switch self {
        case .jal, .beq, .bne, .blt, .bge, .bltu, .bgeu, .endOfBlock: true
        default: false
        }
    }
}

extension Hart {
    /// The block at a virtual pc in the current fetch context.
    @inline(never)
    func findBlock(_ pc: UInt64) throws(Trap) -> UnsafeMutablePointer<Block> {
        let entry = context.pointee.fetch + TranslationBank.index(pc)
        var source = pc &+ entry.pointee.addend
        if entry.pointee.fetchTag != pc & ~Page.offsetMask {
            let location = try locate(pc, 2, .fetch, fetchContext, caching: context.pointee.fetch)
            // Instructions are executed from RAM only.
            guard case .memory(let host) = location else { throw accessTrap(.access, .fetch, pc, fetchContext) }
            source = UInt64(UInt(bitPattern: host))
            guard entry.pointee.fetchTag == pc & ~Page.offsetMask else { return try singleInstruction(pc, source) }
        }
        if let block = blocks.find(source), isCurrent(block) { return block }
        let inPage = Page.size &- (pc & Page.offsetMask)
        guard inPage > 2 || Self.halfword(source) & 3 != 3 else { return try singleInstruction(pc, source) }
        return build(source)
    }

    /// Compares a block of an older epoch with memory.
    private func isCurrent(_ block: UnsafeMutablePointer<Block>) -> Bool {
        guard block.pointee.epoch != blocks.epoch.pointee else { return true }
        var cursor = block.instructions
        while cursor.pointee.opcode != .endOfBlock {
            let source = block.pointee.source &+ cursor.offset
            let raw = cursor.pointee.length == 2 ? UInt32(Self.halfword(source)) : Self.word(source)
            guard raw == cursor.pointee.raw else { return false }
            cursor += cursor.pointee.opcode.hasLink ? 2 : 1
        }
        block.pointee.epoch = blocks.epoch.pointee
        return true
    }

    /// Decodes up to the end of the straight line or page. The first instruction lies whole inside the page.
    private func build(_ source: UInt64) -> UnsafeMutablePointer<Block> {
        count(.blockDecoded)
        let block = blocks.allocate(source: source)
        let page = source & ~Page.offsetMask
        let limit = Page.size &- (source & Page.offsetMask)
        var builder = BlockWriter(cursor: block.instructions)
        var offset: UInt64 = 0
        while builder.count < Block.maximumCount, offset &+ 2 <= limit {
            var raw = UInt32(Self.halfword(source &+ offset))
            if raw & 3 == 3 {
                guard offset &+ 4 <= limit else { break }
                raw = Self.word(source &+ offset)
            }
            var instruction = checkingTarget(decoder.decode(raw))
            let distance = UInt64(bitPattern: Int64(instruction.immediate))
            let target = source &+ offset &+ distance
            let isInside = target & ~Page.offsetMask == page
            let next = offset &+ UInt64(instruction.length)
            switch instruction.opcode {
            case .jal where isInside && instruction.immediate > 0:
                // Goes on at the target. What is left of the jump is the link register: a constant distance from pc.
                instruction.opcode = .auipc
                instruction.immediate = Int32(instruction.length)
                builder.append(instruction, offset: offset)
                offset &+= distance
                continue
            case .jal, .beq, .bne, .blt, .bge, .bltu, .bgeu:
                builder.append(instruction, offset: offset)
                builder.appendLink(page: isInside ? page : BlockLink.never)
            default: builder.append(instruction, offset: offset)
            }
            offset = next
            let opcode = instruction.opcode
            if opcode == .jal || opcode == .jalr || opcode.execution.isSystem { break }
        }
        builder.appendEnd(offset: offset, page: (source &+ offset) & ~Page.offsetMask == page ? page : BlockLink.never)
        blocks.insert(block, end: builder.cursor)
        return block
    }

    /// A block of one instruction that no cache keeps: it crosses a page, or its page may not be cached whole.
    private func singleInstruction(_ pc: UInt64, _ source: UInt64) throws(Trap) -> UnsafeMutablePointer<Block> {
        var raw = UInt32(Self.halfword(source))
        if raw & 3 == 3 {
            let location = try locate(pc &+ 2, 2, .fetch, fetchContext, caching: context.pointee.fetch)
            guard case .memory(let host) = location else {
                throw accessTrap(.access, .fetch, pc &+ 2, fetchContext)
            }
            raw |= UInt32(Self.halfword(UInt64(UInt(bitPattern: host)))) &<< 16
        }
        // Its own memory, outside the arena: it is overwritten by the next such instruction, if that is another one.
        let block = scratchBlock
        guard raw != block.instructions.pointee.raw else { return block }
        let instruction = checkingTarget(decoder.decode(raw))
        block.pointee = Block(source: 0, epoch: 0)
        var builder = BlockWriter(cursor: block.instructions)
        builder.append(instruction, offset: 0)
        if instruction.opcode.hasLink { builder.appendLink(page: BlockLink.never) }
        builder.appendEnd(offset: UInt64(instruction.length), page: BlockLink.never)
        return block
    }

    // SAFETY: callers pass addresses inside a page of RAM that `locate` returned.
    @inline(__always)
    private static func halfword(_ source: UInt64) -> UInt16 {
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(source)) else { return 0 }
        return UInt16(littleEndian: pointer.loadUnaligned(as: UInt16.self))
    }

    @inline(__always)
    private static func word(_ source: UInt64) -> UInt32 {
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(source)) else { return 0 }
        return UInt32(littleEndian: pointer.loadUnaligned(as: UInt32.self))
    }
}

/// Writes the cells of a block one after the other, into memory that has room for the largest block.
private struct BlockWriter {
    var cursor: UnsafeMutablePointer<DecodedInstruction>
    var count = 0
    /// The instruction before, if it can still become the first of a pair.
    var previous: UnsafeMutablePointer<DecodedInstruction>?

    mutating func append(_ instruction: DecodedInstruction, offset: UInt64) {
        cursor.pointee = instruction
        cursor.pointee.offset = UInt16(truncatingIfNeeded: offset)
        cursor.pointee.index = UInt8(truncatingIfNeeded: count)
        if let first = previous, let pair = Opcode.pair(first.pointee.opcode, instruction.opcode) {
            first.pointee.opcode = pair
            previous = nil
        } else {
            previous = cursor
        }
        cursor += 1
        count += 1
    }

    mutating func appendLink(page: UInt64) {
        (cursor - 1).link.pointee = BlockLink(target: nil, page: page)
        cursor += 1
        previous = nil
    }

    mutating func appendEnd(offset: UInt64, page: UInt64) {
        append(DecodedInstruction(opcode: .endOfBlock, raw: 0), offset: offset)
        appendLink(page: page)
    }
}
