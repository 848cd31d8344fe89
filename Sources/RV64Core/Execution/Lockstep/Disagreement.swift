/// Where two engines that were compared have begun to differ, and in what: see ``LockstepEngine``.
package struct Disagreement: Sendable {
    package enum Place: Sendable, Equatable {
        /// What begins with this instruction differs, and what begins behind it does not.
        case instruction(String)
        /// A block differs from its first instruction on.
        case block
        /// Several blocks in a row, of which none alone differs.
        case blocks(instructions: UInt64)
    }

    package let place: Place
    package let pc: UInt64
    private let hart: UInt64
    /// What the hart had retired before.
    private let retired: UInt64
    package let differences: [String]

    init(_ state: HartState, _ place: Place, _ differences: [Difference]) {
        self.place = place
        pc = state.pc
        hart = state.mhartid
        retired = state.retired
        self.differences = differences.map(\.text)
    }

    private static let limit = 6

    /// One line. `describe` says where an address is.
    package func report(_ describe: (UInt64) -> String) -> String {
        let what =
            switch place {
            case .instruction(let text): "'\(text)' at \(describe(pc))"
            case .block: "the block at \(describe(pc))"
            case .blocks(let count): "\(count) instructions from \(describe(pc)) on, though in no block of them alone"
            }
        let more = differences.count > Self.limit ? ", and \(differences.count - Self.limit) more" : ""
        return "hart \(hart): the engines differ in \(what), after \(retired) instructions: "
            + differences.prefix(Self.limit).joined(separator: ", ") + more
    }
}

/// One thing in which two harts differ, in words.
struct Difference {
    let text: String

    init<Value>(_ name: String, _ interpreted: Value, _ found: Value) {
        text = "\(name) is \(interpreted) on the interpreter and \(found) on the other engine"
    }

    init(_ name: String, numbers interpreted: UInt64, _ found: UInt64) {
        self.init(name, hexadecimal(interpreted), hexadecimal(found))
    }

    static func mode(_ reference: Hart, _ hart: Hart) -> [Difference] {
        let (mine, other) = (reference.state, hart.state)
        var result: [Difference] = []
        if mine.pointee.mode != other.pointee.mode {
            result.append(Difference("the mode", mine.pointee.mode, other.pointee.mode))
        }
        if mine.pointee.isInCriticalError != other.pointee.isInCriticalError {
            let both = (mine.pointee.isInCriticalError, other.pointee.isInCriticalError)
            result.append(Difference("critical error", both.0, both.1))
        }
        return result
    }

    /// Registers, CSRs and counts, but for counters of what an engine does and not the program.
    static func fields(_ reference: Hart, _ hart: Hart) -> [Difference] {
        let ofCaches = (3..<32).filter { number in
            let selector = reference.state.pointee.counterConfiguration[number][.event]
            return HardwareEvent(selector: selector)?.isOfCaches == true
        }.map { "mhpmcounter\($0)" }
        return zip(reference.fields, hart.fields).enumerated().compactMap { number, values in
            let name = HartState.fieldNames[number]
            guard values.0 != values.1, !ofCaches.contains(name) else { return nil }
            return Difference(name, numbers: values.0, values.1)
        }
    }
}

extension Hart {
    /// In the order of `HartState.forEachField`.
    fileprivate var fields: [UInt64] {
        var result: [UInt64] = []
        result.reserveCapacity(HartState.fieldNames.count)
        state.pointee.forEachField { result.append($0) }
        return result
    }
}

func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
