import Platform

extension Opcode {
    /// Ends a block: control may leave the straight line, or the execution context may change.
    var endsBlock: Bool {
        switch self {
        case .jal, .jalr, .beq, .bne, .blt, .bge, .bltu, .bgeu: true
        default: isSystem
        }
    }

    /// Executed outside the fast loop, with pc and counters written back.
    var isSystem: Bool {
        switch self {
        case .illegal, .ecall, .ebreak, .fenceI, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci, .mret, .sret,
            .mnret, .wfi,
            .sfenceVma, .sinvalVma, .sfenceWInval, .sfenceInvalIr, .hinvalVvma, .hinvalGvma, .hfenceVvma,
            .hfenceGvma, .hlvB, .hlvBu, .hlvH, .hlvHu, .hlvW, .hlvWu, .hlvD, .hlvxHu, .hlvxWu, .hsvB, .hsvH, .hsvW,
            .hsvD:
            true
        default: false
        }
    }
}

extension Hart {
    /// The block at a virtual pc in the current fetch context.
    @inline(never)
    func findBlock(_ pc: UInt64) throws(Trap) -> UnsafeMutablePointer<Block> {
        let jump = context.pointee.jumps + TranslationBank.jumpIndex(pc)
        if jump.pointee.pc == pc, let block = jump.pointee.block, block.pointee.epoch == blocks.epoch.pointee {
            return block
        }
        let entry = context.pointee.fetch + TranslationBank.index(pc)
        var source = pc &+ entry.pointee.addend
        if entry.pointee.fetchTag != pc & ~Page.offsetMask {
            let location = try locate(pc, 2, .fetch, fetchContext, caching: context.pointee.fetch)
            // Instructions are executed from RAM only.
            guard case .memory(let host) = location else { throw accessTrap(.access, .fetch, pc, fetchContext) }
            source = UInt64(UInt(bitPattern: host))
            guard entry.pointee.fetchTag == pc & ~Page.offsetMask else { return try singleInstruction(pc, source) }
        }
        if let block = blocks.find(source), isCurrent(block) {
            jump.pointee = JumpCacheEntry(pc: pc, block: block)
            return block
        }
        let inPage = Page.size &- (pc & Page.offsetMask)
        guard inPage > 2 || Self.halfword(source) & 3 != 3 else { return try singleInstruction(pc, source) }
        let block = build(source, limit: inPage)
        blocks.insert(block)
        jump.pointee = JumpCacheEntry(pc: pc, block: block)
        return block
    }

    /// Compares a block of an older epoch with memory.
    private func isCurrent(_ block: UnsafeMutablePointer<Block>) -> Bool {
        guard block.pointee.epoch != blocks.epoch.pointee else { return true }
        var source = block.pointee.source
        for index in 0..<Int(block.pointee.count) {
            let instruction = block.instructions[index]
            let raw = instruction.length == 2 ? UInt32(Self.halfword(source)) : Self.word(source)
            guard raw == instruction.raw else { return false }
            source &+= UInt64(instruction.length)
        }
        block.pointee.epoch = blocks.epoch.pointee
        return true
    }

    /// Decodes up to the end of the block or page. The first instruction lies whole inside `limit` bytes.
    private func build(_ source: UInt64, limit: UInt64) -> UnsafeMutablePointer<Block> {
        count(.blockDecoded)
        return withUnsafeTemporaryAllocation(of: DecodedInstruction.self, capacity: Block.maximumCount) { decoded in
            var count = 0
            var offset: UInt64 = 0
            while count < Block.maximumCount, offset &+ 2 <= limit {
                var raw = UInt32(Self.halfword(source &+ offset))
                if raw & 3 == 3 {
                    guard offset &+ 4 <= limit else { break }
                    raw = Self.word(source &+ offset)
                }
                var instruction = decoder.decode(raw)
                instruction.offset = UInt16(truncatingIfNeeded: offset)
                decoded[count] = instruction
                count += 1
                offset &+= UInt64(instruction.length)
                if instruction.opcode.endsBlock { break }
            }
            return store(UnsafeBufferPointer(decoded), count, offset, source)
        }
    }

    private func store(
        _ decoded: UnsafeBufferPointer<DecodedInstruction>,
        _ count: Int,
        _ bytes: UInt64,
        _ source: UInt64
    ) -> UnsafeMutablePointer<Block> {
        var allocated = blocks.allocate(source: source, count: count)
        if allocated == nil {
            blocks.reset()
            caches.flushJumps()
            allocated = blocks.allocate(source: source, count: count)
        }
        guard let block = allocated else { fatalError("a block is larger than the arena") }
        for index in 0..<count { block.instructions[index] = decoded[index] }
        block.instructions[count] = DecodedInstruction(
            opcode: .endOfBlock,
            length: 0,
            offset: UInt16(truncatingIfNeeded: bytes),
            raw: 0
        )
        return block
    }

    /// A block of one instruction that no cache keeps: it crosses a page, or its page may not be cached whole.
    private func singleInstruction(_ pc: UInt64, _ source: UInt64) throws(Trap) -> UnsafeMutablePointer<Block> {
        var raw = UInt32(Self.halfword(source))
        if raw & 3 == 3 {
            let location = try locate(pc &+ 2, 2, .fetch, fetchContext, caching: nil)
            guard case .memory(let host) = location else {
                throw accessTrap(.access, .fetch, pc &+ 2, fetchContext)
            }
            raw |= UInt32(Self.halfword(UInt64(UInt(bitPattern: host)))) &<< 16
        }
        let instruction = decoder.decode(raw)
        // Its own memory, outside the arena: it is overwritten by the next such instruction.
        let block = scratchBlock
        block.pointee = Block(source: 0, epoch: 0, count: 1, taken: nil, next: nil)
        block.instructions[0] = instruction
        block.instructions[1] = DecodedInstruction(
            opcode: .endOfBlock,
            length: 0,
            offset: UInt16(instruction.length),
            raw: 0
        )
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
