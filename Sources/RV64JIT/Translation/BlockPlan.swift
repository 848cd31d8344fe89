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

    private(set) var steps: [Step] = []
    private(set) var groups: [AccessGroup] = []
    private(set) var floats = FloatRegisters()
    /// Whether one of its jumps leads to its own start.
    private(set) var isLoop = false

    /// - Parameter places: the block's instructions.
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
            if micro.operation == .branch || micro.operation == .jump {
                isLoop = isLoop || place.pc &+ UInt64(bitPattern: micro.immediate) == places[0].pc
            }
        }
        guard manner == .assuming else { return }
        floats = FloatRegisters(counts: counts, written: written)
        group(places)
    }

    // MARK: - Groups

    private mutating func group(_ places: UnsafeBufferPointer<NativePlace>) {
        // By base register: the number of the group that goes on, plus 1.
        var open = InlineArray<40, UInt8>(repeating: 0)
        for index in places.indices {
            let decoded = places[index].decoded
            if let access = Access(decoded) { place(access, index, &open) }
            switch decoded.opcode.execution {
            case .store, .floatStore, .floatLoad, .illegal: break
            case .float: if decoded.floatRegisters.written == 0 { open[Int(decoded.rd)] = 0 }
            case .loop, .load, .scalar, .modify, .atomic(.loadReserved, _), .atomic(.storeConditional, _),
                .atomic(.loadAcquire, _), .atomic(.compareAndSwap, _):
                open[Int(decoded.rd)] = 0
            case .jump(let condition):
                switch condition {
                case .always, .register: open[Int(decoded.rd)] = 0
                case .equal, .notEqual, .less, .greaterOrEqual, .lessUnsigned, .greaterOrEqualUnsigned: break
                }
            case .atomic, .cacheBlock, .csr, .hypervisorLoad, .hypervisorStore, .system:
                open = InlineArray(repeating: 0)
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

    /// The place of a group in the bank's sites.
    mutating func setSite(_ site: Int, of group: Int) { groups[group].site = site }
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
    fileprivate(set) var site = 0

    /// Accesses further apart are hardly of one thing, and likely to be of two pages.
    private static let limit = 512

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
}
