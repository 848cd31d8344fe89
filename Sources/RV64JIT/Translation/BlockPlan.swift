import Platform
import RV64Core

/// What is settled about a block before its code is written.
struct BlockPlan {
    /// How much a block's code takes for granted.
    enum Manner {
        /// What its checks find at the beginning of something holds to its end; where one fails, `plain` code goes on.
        case assuming
        /// Every instruction looks for itself.
        case plain
    }

    struct Step {
        let micro: MicroInstruction
        /// The number of the group that an access belongs to.
        var group: Int?
    }

    /// A loop that has its way back at `end` alone, and accesses whose pages need no look in every turn.
    struct Strip {
        let end: Int
        let paces: [Pace]
        let goal: Goal?
    }

    /// Two registers that the way back compares: how far one is from the other says how many turns are left.
    struct Goal {
        let counter: UInt8
        let stride: Int
        /// Nothing changes it.
        let bound: UInt8
    }

    /// How accesses of a loop go on from one turn to the next.
    struct Pace {
        let group: Int
        /// What is added to their base in a turn, and what has been before the first of them.
        let stride: Int
        let shift: Int
    }

    private(set) var steps: [Step] = []
    private(set) var groups: [AccessGroup] = []
    private(set) var floats = FloatRegisters()
    private(set) var strip: Strip?
    /// The jumps to the block's own start.
    private var waysBack: [Int] = []

    var isLoop: Bool { !waysBack.isEmpty }

    /// - Parameters:
    ///   - places: the block's instructions.
    ///   - manner: whether anything is looked for that several of them share.
    ///   - hart: the one that they are translated for.
    init(_ places: UnsafeBufferPointer<NativePlace>, _ manner: Manner, of hart: Hart) {
        steps.reserveCapacity(places.count)
        var counts = InlineArray<32, UInt8>(repeating: 0)
        var written: UInt32 = 0
        for place in places {
            let decoded = place.decoded
            let micro = MicroInstruction(decoded, pc: place.pc, isMisalignable: hart.mayMisalign(decoded))
            steps.append(Step(micro: micro))
            guard manner == .assuming else { continue }
            let use = decoded.floatRegisters
            written |= use.written
            FloatRegisters.forEach(use.read) { counts[Int($0)] += 1 }
            FloatRegisters.forEach(use.written) { counts[Int($0)] += 1 }
            if micro.operation == .branch || micro.operation == .jump,
                place.pc &+ UInt64(bitPattern: micro.immediate) == places[0].pc
            {
                waysBack.append(steps.count - 1)
            }
        }
        guard manner == .assuming else { return }
        floats = FloatRegisters(counts: counts, written: written)
        group(places)
        if waysBack.count == 1 { strip = findStrip(places, end: waysBack[0]) }
    }

    // MARK: - Groups

    private mutating func group(_ places: UnsafeBufferPointer<NativePlace>) {
        // By base register: the number of the group that goes on, plus 1.
        var open = InlineArray<40, UInt8>(repeating: 0)
        for index in places.indices {
            let decoded = places[index].decoded
            if let access = Access(decoded) { place(access, index, &open) }
            switch decoded.integerResult {
            case .none: break
            case .register(let rd): open[Int(rd)] = 0
            case .unknown: open = InlineArray(repeating: 0)
            }
        }
    }

    private mutating func place(_ access: Access, _ index: Int, _ open: inout InlineArray<40, UInt8>) {
        let number = Int(open[Int(access.base)])
        if number != 0, groups[number - 1].join(access) {
            steps[index].group = number - 1
        } else {
            steps[index].group = groups.count
            groups.append(AccessGroup(access, first: index))
            open[Int(access.base)] = UInt8(truncatingIfNeeded: groups.count)
        }
    }

    // MARK: - Strips

    private func findStrip(_ places: UnsafeBufferPointer<NativePlace>, end: Int) -> Strip? {
        // By register: the sum of what is added in a turn.
        var strides = InlineArray<40, Int>(repeating: 0)
        var isIrregular = InlineArray<40, Bool>(repeating: false)
        for step in 0...end {
            guard isInLine(places[step].decoded, steps[step].micro) else { return nil }
            switch places[step].decoded.integerResult {
            case .none: break
            case .register(let rd):
                if let addend = addend(step) { strides[Int(rd)] += addend } else { isIrregular[Int(rd)] = true }
            case .unknown: return nil
            }
        }
        var shifts = InlineArray<40, Int>(repeating: 0)
        var paces: [Pace] = []
        for step in 0...end {
            if let number = steps[step].group, groups[number].first == step {
                let base = Int(groups[number].base)
                if !isIrregular[base], abs(strides[base]) <= AccessGroup.limit {
                    paces.append(Pace(group: number, stride: strides[base], shift: shifts[base]))
                }
            }
            if let addend = addend(step) { shifts[Int(steps[step].micro.rd)] += addend }
        }
        guard !paces.isEmpty else { return nil }
        let goal = steps[end].micro.operation == .branch ? goal(steps[end].micro, strides, isIrregular) : nil
        return Strip(end: end, paces: paces, goal: goal)
    }

    private func goal(
        _ branch: MicroInstruction,
        _ strides: InlineArray<40, Int>,
        _ isIrregular: InlineArray<40, Bool>
    ) -> Goal? {
        for (counter, bound) in [(branch.rs1, branch.rs2), (branch.rs2, branch.rs1)] {
            let (mine, other) = (Int(counter), Int(bound))
            if isIrregular[mine] || isIrregular[other] || strides[mine] == 0 || strides[other] != 0 { continue }
            return Goal(counter: counter, stride: strides[mine], bound: bound)
        }
        return nil
    }

    /// What an instruction adds to a register, if that is all it does.
    private func addend(_ step: Int) -> Int? {
        let micro = steps[step].micro
        guard micro.operation == .add, micro.usesImmediate, !micro.isWord, micro.rd == micro.rs1 else { return nil }
        return Int(truncatingIfNeeded: micro.immediate)
    }

    /// Whether nothing is called but where something fails.
    private func isInLine(_ decoded: DecodedInstruction, _ micro: MicroInstruction) -> Bool {
        switch decoded.opcode.execution {
        case .loop, .jump, .load, .store: micro.operation != .execute && micro.operation != .system
        case .floatLoad(let format), .floatStore(let format): format != .half
        case .float: micro.operation == .float && !decoded.isLeftToFunction
        case .scalar, .atomic, .modify, .cacheBlock, .csr, .hypervisorLoad, .hypervisorStore, .system, .illegal: false
        }
    }

    /// How the accesses of a group go on in the block's strip.
    func isHoisted(_ group: Int) -> Bool { strip?.paces.contains { $0.group == group } ?? false }

    /// The place of a group in the bank's sites.
    mutating func setSite(_ site: Int, of group: Int) { groups[group].site = site }
}

extension DecodedInstruction {
    enum IntegerResult {
        case none, unknown
        case register(UInt8)
    }

    /// Which x register it writes, as far as its translation is in line.
    fileprivate var integerResult: IntegerResult {
        switch opcode.execution {
        case .store, .floatStore, .floatLoad, .illegal: .none
        case .float: floatRegisters.written == 0 ? .register(rd) : .none
        case .loop, .load, .scalar, .modify, .atomic(.loadReserved, _), .atomic(.storeConditional, _),
            .atomic(.loadAcquire, _), .atomic(.compareAndSwap, _), .jump(.always), .jump(.register):
            .register(rd)
        case .jump: .none
        case .atomic, .cacheBlock, .csr, .hypervisorLoad, .hypervisorStore, .system: .unknown
        }
    }
}

/// A load or a store, as far as its address goes.
struct Access {
    enum Direction { case read, write }

    let base: UInt8
    let distance: Int
    let bytes: Int
    let direction: Direction

    init(base: UInt8, distance: Int, bytes: Int, direction: Direction) {
        (self.base, self.distance, self.bytes, self.direction) = (base, distance, bytes, direction)
    }

    /// Nil for what is not a load or a store that has its translation in line.
    init?(_ decoded: DecodedInstruction) {
        switch decoded.opcode.execution {
        case .load(let width, _): (bytes, direction) = (Int(width.bytes), .read)
        case .store(let width): (bytes, direction) = (Int(width.bytes), .write)
        case .floatLoad(.half), .floatStore(.half): return nil
        case .floatLoad(let format): (bytes, direction) = (Int(format.width.bytes), .read)
        case .floatStore(let format): (bytes, direction) = (Int(format.width.bytes), .write)
        case .loop, .jump, .float, .scalar, .atomic, .modify, .cacheBlock, .csr, .hypervisorLoad, .hypervisorStore,
            .system, .illegal:
            return nil
        }
        base = decoded.rs1
        distance = Int(decoded.immediate)
    }
}

/// Accesses through one base register that nothing changes between them: their page is looked for once, before the first.
struct AccessGroup {
    let base: UInt8
    /// The step of its first access.
    let first: Int
    private(set) var count = 1
    /// A distance of one of the widest accesses, and its width: where that is aligned, all are.
    private var anchor: Int
    private(set) var width: Int
    private var low: Int
    private(set) var end: Int
    private(set) var direction: Access.Direction
    /// The site of all of them.
    var site = 0

    /// Accesses further apart are hardly of one thing, and likely to be of two pages.
    fileprivate static let limit = 512

    init(_ access: Access, first: Int) {
        base = access.base
        self.first = first
        anchor = access.distance
        width = access.bytes
        low = access.distance
        end = access.distance + access.bytes
        direction = access.direction
    }

    /// Takes one more if it belongs to them.
    mutating func join(_ access: Access) -> Bool {
        let low = min(low, access.distance)
        let end = max(end, access.distance + access.bytes)
        guard end - low <= Self.limit, (access.distance - anchor) % min(width, access.bytes) == 0 else { return false }
        if access.bytes > width { (anchor, width) = (access.distance, access.bytes) }
        (self.low, self.end) = (low, end)
        if access.direction == .write { direction = .write }
        count += 1
        return true
    }

    /// The distance of the first byte, or up to seven less: aligned where all accesses are.
    var start: Int { anchor - (anchor - low + width - 1) / width * width }

    /// Whether an aligned access may end in another page than it begins.
    var isWide: Bool { end - start > width }

    /// What a site's tag has of an address: the page, and the bits that an aligned one has not.
    var mask: Int32 { Int32(width - 1 - Int(Page.size)) }
}
