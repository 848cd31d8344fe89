/// One `ecall` from a supervisor, as its registers hold it. SBI 3.0, "Binary Encoding".
package struct SBICall: Equatable, Sendable {
    /// `a7`: the extension ID (EID).
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

    /// The call's name for statistics: `TIME.set_timer`.
    ///
    /// Calls that nobody implements share a few fixed names, so a guest that tries every number cannot grow a table of
    /// counters without limit.
    package var name: String { signature.name }

    /// Whether the extension and the function exist.
    var isImplemented: Bool { signature.isImplemented }

    /// Which function this is, and how many arguments it has.
    var signature: SBISignature {
        guard let handler = SBIExtensionID(rawValue: extensionID)?.handler else { return .unknownExtension }
        return handler.signature(of: self)
    }
}

extension SBICall: CustomStringConvertible {
    /// The call with its arguments, for a trace: `HSM.hart_get_status(0x1)`.
    package var description: String {
        let signature = signature
        let registers = [
            arguments.a0, arguments.a1, arguments.a2, arguments.a3, arguments.a4, arguments.a5,
        ]
        let list = registers.prefix(signature.parameterCount).map(Self.hexadecimal).joined(separator: ", ")
        guard signature.isImplemented else {
            return "\(signature.name)(a7 \(Self.hexadecimal(extensionID)), a6 \(Self.hexadecimal(function)))"
        }
        return "\(signature.name)(\(list))"
    }

    private static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

/// A function's name and the number of its arguments.
struct SBISignature: Equatable, Sendable {
    let name: String
    let parameterCount: Int
    let isImplemented: Bool

    init(_ name: String, _ parameterCount: Int) {
        self.init(name: name, parameterCount: parameterCount, isImplemented: true)
    }

    private init(name: String, parameterCount: Int, isImplemented: Bool) {
        self.name = name
        self.parameterCount = parameterCount
        self.isImplemented = isImplemented
    }

    /// An EID that is not implemented.
    static let unknownExtension = SBISignature(name: "unknown.extension", parameterCount: 0, isImplemented: false)

    /// An FID that is not implemented, of the extension that `name` tells.
    static func unknownFunction(_ name: String) -> SBISignature {
        SBISignature(name: name, parameterCount: 0, isImplemented: false)
    }
}
