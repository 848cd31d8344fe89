import Platform

extension PLIC {
    /// Gateways, core and register file; no wires.
    ///
    /// Sets of sources are words of 32 bits, as in the registers. Source 0 does not exist: its bits stay clear.
    package struct State: Equatable, Sendable {
        /// One context's registers.
        struct Context: Equatable, Sendable {
            var enables: [UInt32]
            var threshold: UInt32 = 0
        }

        /// Priorities are WARL; seven levels, as other boards have.
        static let priorityMask: UInt32 = 7

        var priorities: [UInt32]
        /// The levels of the wires.
        var levels: [UInt32]
        var pending: [UInt32]
        /// Claimed and not yet completed: the gateway forwards no further request.
        var inService: [UInt32]
        var contexts: [Context]

        init(sourceCount: Int, contextCount: Int) {
            let words = [UInt32](repeating: 0, count: sourceCount / 32 + 1)
            priorities = [UInt32](repeating: 0, count: sourceCount + 1)
            levels = words
            pending = words
            inService = words
            contexts = [Context](repeating: Context(enables: words), count: contextCount)
        }

        private var sourceCount: Int { priorities.count - 1 }
    }
}

extension PLIC.State: Savable {
    package func save(to writer: inout StateWriter) {
        writer.write(UInt64(sourceCount))
        writer.write(UInt64(contexts.count))
        for source in 1...sourceCount { writer.write(UInt8(truncatingIfNeeded: priorities[source])) }
        for set in [levels, pending, inService] + contexts.map(\.enables) {
            for word in set { writer.write(word) }
        }
        for context in contexts { writer.write(UInt8(truncatingIfNeeded: context.threshold)) }
    }

    /// Into a state of the same shape.
    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        try reader.requireSame("the number of interrupt sources", saved: reader.read(), here: UInt64(sourceCount))
        try reader.requireSame("the number of contexts", saved: reader.read(), here: UInt64(contexts.count))
        for source in 1...sourceCount { priorities[source] = try readPriority(&reader) }
        levels = try readSources(&reader)
        pending = try readSources(&reader)
        inService = try readSources(&reader)
        for context in contexts.indices { contexts[context].enables = try readSources(&reader) }
        for context in contexts.indices { contexts[context].threshold = try readPriority(&reader) }
    }

    private func readPriority(_ reader: inout StateReader) throws(StateError) -> UInt32 {
        let priority = UInt32(try reader.read(UInt8.self))
        try reader.require(priority & ~Self.priorityMask == 0, "there is no priority \(priority)")
        return priority
    }

    private func readSources(_ reader: inout StateReader) throws(StateError) -> [UInt32] {
        var words: [UInt32] = []
        for word in levels.indices {
            words.append(try reader.read())
            try reader.require(words[word] & ~implemented(word) == 0, "a set of sources has one that does not exist")
        }
        return words
    }
}

extension PLIC.State {
    /// The existing sources of one word.
    private func implemented(_ word: Int) -> UInt32 {
        let low: UInt32 = word == 0 ? ~1 : ~0
        let used = sourceCount - 32 * word + 1
        return used >= 32 ? low : low & (1 << UInt32(max(0, used)) &- 1)
    }

    // MARK: - Gateways ("Interrupt Gateways")

    /// - Returns: whether the level is new.
    mutating func setLevel(_ isAsserted: Bool, source: Int) -> Bool {
        guard source > 0, source <= sourceCount else { return false }
        let bit = UInt32(1) << UInt32(source % 32)
        guard isAsserted != (levels[source / 32] & bit != 0) else { return false }
        if isAsserted {
            levels[source / 32] |= bit
            request(in: source / 32)
        } else {
            // A request once forwarded stays pending: the handler finds out that it is no longer needed.
            levels[source / 32] &= ~bit
        }
        return true
    }

    /// Forwards the asserted sources of a word that are not in service.
    private mutating func request(in word: Int) { pending[word] |= levels[word] & ~inService[word] }

    // MARK: - Core

    /// The pending, enabled source with the highest priority, and of equals the lowest number.
    private func best(for context: Context) -> (source: Int, priority: UInt32)? {
        var best: (source: Int, priority: UInt32)?
        for word in pending.indices {
            var candidates = pending[word] & context.enables[word]
            while candidates != 0 {
                let source = 32 * word + candidates.trailingZeroBitCount
                candidates &= candidates &- 1
                let priority = priorities[source]
                // Priority 0 means "never interrupt".
                if priority > best?.priority ?? 0 { best = (source, priority) }
            }
        }
        return best
    }

    /// Whether a context's interrupt notification is on.
    func isNotifying(context: Int) -> Bool {
        guard let best = best(for: contexts[context]) else { return false }
        return best.priority > contexts[context].threshold
    }

    /// "Interrupt Claim Process": the threshold does not matter here.
    private mutating func claim(context: Int) -> UInt32 {
        guard let (source, _) = best(for: contexts[context]) else { return 0 }
        let bit = UInt32(1) << UInt32(source % 32)
        pending[source / 32] &= ~bit
        inService[source / 32] |= bit
        return UInt32(source)
    }

    /// "Interrupt Completion": ignored for a source that is not enabled for the context.
    private mutating func complete(_ source: UInt32, context: Int) {
        let word = Int(source / 32)
        let bit = UInt32(1) << (source % 32)
        guard word < inService.count, contexts[context].enables[word] & bit != 0 else { return }
        inService[word] &= ~bit
        request(in: word)
    }

    // MARK: - Registers

    /// What does not exist reads as zero.
    mutating func read(_ register: PLICRegister) -> UInt32 {
        switch register {
        case .priority(let source):
            return source <= sourceCount ? priorities[source] : 0
        case .pending(let word):
            return word < pending.count ? pending[word] : 0
        case .enable(let context, let word):
            guard context < contexts.count, word < pending.count else { return 0 }
            return contexts[context].enables[word]
        case .threshold(let context):
            return context < contexts.count ? contexts[context].threshold : 0
        case .claim(let context):
            return context < contexts.count ? claim(context: context) : 0
        }
    }

    mutating func write(_ value: UInt32, to register: PLICRegister) {
        switch register {
        case .priority(let source):
            if source > 0, source <= sourceCount { priorities[source] = value & Self.priorityMask }
        case .pending:
            break  // Read-only.
        case .enable(let context, let word):
            guard context < contexts.count, word < pending.count else { return }
            contexts[context].enables[word] = value & implemented(word)
        case .threshold(let context):
            if context < contexts.count { contexts[context].threshold = value & Self.priorityMask }
        case .claim(let context):
            if context < contexts.count { complete(value, context: context) }
        }
    }
}
