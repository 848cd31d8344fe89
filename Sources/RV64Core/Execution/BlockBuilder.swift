import Platform

extension Hart {
    private var blocks: BlockCache { interpreter.blocks }

    /// The block at a virtual pc in the current fetch context.
    @inline(never)
    func findBlock(_ pc: UInt64) throws(Trap) -> UnsafeMutablePointer<Block> {
        let bank = runState.pointee.fetch
        let source: UInt64
        if let host = bank.location(of: pc, .fetch) {
            source = UInt64(UInt(bitPattern: host))
        } else {
            source = try fetchLocation(pc)
            guard bank.location(of: pc, .fetch) != nil else { return try singleBlock(pc, source) }
        }
        if let block = blocks.find(source), isCurrent(block) { return block }
        let inPage = Page.size &- (pc & Page.offsetMask)
        guard inPage > 2 || Self.halfword(source) & 3 != 3 else { return try singleBlock(pc, source) }
        return build(source)
    }

    /// Instructions are executed from RAM only.
    func fetchLocation(_ pc: UInt64) throws(Trap) -> UInt64 {
        let bank = runState.pointee.fetch
        guard case .memory(let host) = try locate(pc, 2, .fetch, bank) else {
            throw accessTrap(.access, .fetch, pc, bank.context)
        }
        return UInt64(UInt(bitPattern: host))
    }

    /// Compares a block of an older epoch with memory.
    private func isCurrent(_ block: UnsafeMutablePointer<Block>) -> Bool {
        guard block.pointee.epoch != blocks.epoch else { return true }
        var cursor = block.operations
        while cursor.pointee.handler != .endOfBlock {
            let source = block.pointee.source &+ cursor.offset
            let raw = cursor.pointee.length == 2 ? UInt32(Self.halfword(source)) : Self.word(source)
            guard raw == cursor.pointee.raw else { return false }
            cursor += cursor.pointee.handler.hasLink ? 2 : 1
        }
        block.pointee.epoch = blocks.epoch
        return true
    }

    /// Decodes up to the end of the straight line or page. The first instruction lies whole inside the page.
    private func build(_ source: UInt64) -> UnsafeMutablePointer<Block> {
        count(.blockDecoded)
        let block = blocks.allocate(source: source)
        let page = source & ~Page.offsetMask
        let limit = Page.size &- (source & Page.offsetMask)
        var builder = BlockWriter(cursor: block.operations)
        var offset: UInt64 = 0
        while builder.count < Block.maximumCount, offset &+ 2 <= limit {
            var raw = UInt32(Self.halfword(source &+ offset))
            if raw & 3 == 3 {
                guard offset &+ 4 <= limit else { break }
                raw = Self.word(source &+ offset)
            }
            let instruction = decoder.decode(raw)
            let handler = handler(for: instruction)
            let distance = UInt64(bitPattern: Int64(instruction.immediate))
            let isInside = (source &+ offset &+ distance) & ~Page.offsetMask == page
            if handler == .jal, isInside, instruction.immediate > 0 {
                builder.append(instruction, .followedJump, offset: offset)
                offset &+= distance
                continue
            }
            builder.append(instruction, handler, offset: offset)
            builder.note(execution(of: instruction.opcode))
            if handler.hasLink { builder.appendLink(page: isInside ? page : BlockLink.never) }
            offset &+= UInt64(instruction.length)
            if handler == .jal || handler == .jalr || handler == .system { break }
        }
        builder.appendEnd(offset: offset, page: (source &+ offset) & ~Page.offsetMask == page ? page : BlockLink.never)
        blocks.insert(block, end: builder.cursor)
        return block
    }

    @inline(__always)
    private func handler(for instruction: DecodedInstruction) -> Handler {
        mayMisalign(instruction) ? .system : Handler(instruction.opcode)
    }

    /// A block of the one instruction at pc, which no cache keeps: it crosses a page, or its page may not be cached
    /// whole, or no other is to be executed with it.
    func singleBlock(_ pc: UInt64, _ source: UInt64) throws(Trap) -> UnsafeMutablePointer<Block> {
        var raw = UInt32(Self.halfword(source))
        if raw & 3 == 3 {
            raw |= UInt32(Self.halfword(try fetchLocation(pc &+ 2))) &<< 16
        }
        // Its own memory, outside the arena, zero at first.
        let block = blocks.scratch
        if block.pointee.epoch != 0, raw == block.operations.pointee.raw { return block }
        let instruction = decoder.decode(raw)
        let handler = handler(for: instruction)
        block.pointee = Block(source: 0, epoch: 1)
        var builder = BlockWriter(cursor: block.operations)
        builder.append(instruction, handler, offset: 0)
        if handler.hasLink { builder.appendLink(page: BlockLink.never) }
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
    var cursor: UnsafeMutablePointer<BlockOperation>
    var count = 0
    /// The operation before, if it can still become the first of a pair.
    var previous: UnsafeMutablePointer<BlockOperation>?
    /// The last LR, if no SC has come since, and whether memory was accessed behind it.
    private var reserving: UnsafeMutablePointer<BlockOperation>?
    private var hasAccess = false

    init(cursor: UnsafeMutablePointer<BlockOperation>) { self.cursor = cursor }

    /// Tells LR and SC of accesses between them: see `DecodedInstruction.hasAccessBetween`.
    mutating func note(_ execution: Execution) {
        switch execution {
        case .atomic(.loadReserved, _):
            reserving = cursor - 1
            hasAccess = false
        case .atomic(.storeConditional, _):
            if let reserving, hasAccess {
                reserving.pointee.immediate = 1
                (cursor - 1).pointee.immediate = 1
            }
            reserving = nil
        case .load, .store, .floatLoad, .floatStore, .atomic, .modify, .cacheBlock: hasAccess = true
        case .loop, .jump, .float, .scalar, .csr, .hypervisorLoad, .hypervisorStore, .system, .illegal: break
        }
    }

    mutating func append(_ instruction: DecodedInstruction, _ handler: Handler, offset: UInt64) {
        cursor.pointee = BlockOperation(instruction, handler, offset: offset, index: count)
        if let first = previous, let pair = Handler.pair(first.pointee.handler, handler) {
            first.pointee.handler = pair
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
        append(DecodedInstruction(opcode: .illegal, raw: 0), .endOfBlock, offset: offset)
        appendLink(page: page)
    }
}
