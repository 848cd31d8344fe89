/// One `ecall` from a supervisor, as its registers hold it. SBI 3.0, "Binary Encoding".
package struct SBICall: Equatable, Sendable {
    /// `a7`: the extension ID (EID), compared in all its 64 bits: one that is not the sign extension of 32 bits is no
    /// EID.
    package var extensionID: UInt64
    /// `a6`: the function ID (FID). The legacy extensions ignore it.
    package var function: UInt64
    /// `a0` to `a5`.
    package var arguments: Arguments

    /// - Parameters:
    ///   - extensionID: `a7`.
    ///   - function: `a6`.
    ///   - arguments: `a0` to `a5`.
    package init(extensionID: UInt64, function: UInt64, arguments: Arguments) {
        self.extensionID = extensionID
        self.function = function
        self.arguments = arguments
    }

    /// The six argument registers.
    package struct Arguments: Equatable, Sendable {
        package var a0: UInt64
        package var a1: UInt64
        package var a2: UInt64
        package var a3: UInt64
        package var a4: UInt64
        package var a5: UInt64

        package init(
            _ a0: UInt64 = 0,
            _ a1: UInt64 = 0,
            _ a2: UInt64 = 0,
            _ a3: UInt64 = 0,
            _ a4: UInt64 = 0,
            _ a5: UInt64 = 0
        ) {
            self.a0 = a0
            self.a1 = a1
            self.a2 = a2
            self.a3 = a3
            self.a4 = a4
            self.a5 = a5
        }
    }

    /// What the call is for.
    package var target: SBITarget {
        guard let index = SBIExtension.all.firstIndex(where: { $0.id == extensionID }) else { return .unknownExtension }
        return SBIExtension.all[index].index(of: function).map { .function($0, extension: index) }
            ?? .unknownFunction(extension: index)
    }
}

extension SBICall: CustomStringConvertible {
    /// The call with its arguments, for a trace: `HSM.hart_get_status(hartid=1)`.
    package var description: String {
        let target = target
        guard let function = target.function else {
            return "\(target.name)(a7=\(hex(extensionID)), a6=\(hex(self.function)))"
        }
        let registers = [
            arguments.a0, arguments.a1, arguments.a2, arguments.a3, arguments.a4, arguments.a5,
        ]
        let list = zip(function.parameters, registers).map { $0.text($1) }.joined(separator: ", ")
        return "\(target.name)(\(list))"
    }
}

/// Which function a call is for: its place in the tables. Calls are counted by it.
///
/// Calls that nobody implements share a few targets, so a guest that tries every number cannot grow a table of counters
/// without limit.
package enum SBITarget: Hashable, Sendable {
    case function(Int, extension: Int)
    /// An FID that is not implemented, of an extension that is.
    case unknownFunction(extension: Int)
    /// An EID that is not implemented.
    case unknownExtension

    /// The function's row; nil if there is none.
    var function: SBIFunction? {
        switch self {
        case .function(let function, let index): SBIExtension.all[index].functions[function]
        case .unknownFunction, .unknownExtension: nil
        }
    }

    /// Whether there is such a function.
    package var isImplemented: Bool {
        switch self {
        case .function: true
        case .unknownFunction, .unknownExtension: false
        }
    }

    /// For statistics and traces: `TIME.set_timer`.
    package var name: String {
        switch self {
        case .function(let function, let index):
            "\(SBIExtension.all[index].name).\(SBIExtension.all[index].functions[function].name)"
        case .unknownFunction(let index): "\(SBIExtension.all[index].name).unknown"
        case .unknownExtension: "unknown.extension"
        }
    }
}
