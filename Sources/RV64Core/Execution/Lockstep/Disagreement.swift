/// Where two engines that were compared have begun to differ, and in what: see ``LockstepEngine``.
package struct Disagreement: Sendable {
    package enum Place: Sendable, Equatable {
        /// The interpreter changed what differs by this one.
        case instruction(String)
        /// The interpreter changes nothing of it in the block at pc.
        case block
        /// Each block alone is executed alike, but not all of them together.
        case run(length: UInt64)
    }

    package let hart: UInt64
    package let pc: UInt64
    package let place: Place
    /// Instructions that the hart had retired before.
    package let retired: UInt64
    package let differences: [String]

    private static let limit = 6

    /// One line. `describe` says where an address is.
    package func report(_ describe: (UInt64) -> String) -> String {
        let what =
            switch place {
            case .instruction(let text): "'\(text)' at \(describe(pc))"
            case .block: "the block at \(describe(pc))"
            case .run(let length): "\(length) instructions from \(describe(pc)) on, though in no block alone"
            }
        let more = differences.count > Self.limit ? ", and \(differences.count - Self.limit) more" : ""
        return "hart \(hart): the engines differ in \(what), after \(retired) instructions: "
            + differences.prefix(Self.limit).joined(separator: ", ") + more
    }
}

/// One thing in which two harts differ.
struct Difference {
    enum Subject {
        /// By its number in `HartState.forEachField`.
        case field(Int)
        case memory(UnsafeMutableRawPointer)
        case other

        func value(in hart: Hart) -> UInt64 {
            switch self {
            case .field(let number): hart.fields[number]
            case .memory(let place): place.load(as: UInt64.self)
            case .other: 0
            }
        }
    }

    let subject: Subject
    let text: String

    init(_ name: String, _ subject: Subject, _ interpreted: UInt64, _ found: UInt64) {
        self.subject = subject
        text = "\(name) is \(hexadecimal(interpreted)) on the interpreter and \(hexadecimal(found)) on the other engine"
    }

    /// Of something that is no number.
    init<Value>(_ name: String, _ interpreted: Value, _ found: Value) {
        subject = .other
        text = "\(name) is \(interpreted) on the interpreter and \(found) on the other engine"
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
            return Difference(name, .field(number), values.0, values.1)
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
