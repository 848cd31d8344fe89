import Hypervisor
import RV64Core
import RV64JIT

/// What executes the code of a machine's harts.
public enum ExecutionEngine: String, Sendable, CaseIterable {
    /// One instruction after the other, on every host.
    case interpreter
    /// Translated to the host's own code, on x86-64.
    case jit
    /// The same, before any code first runs: to test the translator.
    case eager
    /// The interpreter and the translator one after the other, for as long as they do the same: see ``LockstepEngine``.
    /// Only where time follows instructions.
    case lockstep

    /// The fastest one that this host can run.
    public static var fastest: ExecutionEngine { NativeEngine.isSupported ? .jit : .interpreter }

    /// Whether this host can run it.
    public var isSupported: Bool { self == .interpreter || NativeEngine.isSupported }

    /// Makes one for a hart; nil, also where the host refuses memory for code, or has few addresses left, is the
    /// interpreter.
    var make: (@Sendable () -> (any Engine)?)? {
        switch self {
        case .interpreter: nil
        case .jit: { Self.translator(.warm) }
        case .eager: { Self.translator(.first) }
        case .lockstep: { LockstepEngine(checking: Self.checkedTranslator) }
        }
    }

    private static func translator(_ threshold: NativeEngine.Threshold) -> NativeEngine? {
        HostMemoryLimits.maySpend(addresses: NativeEngine.addressBytes) ? try? NativeEngine(threshold: threshold) : nil
    }

    /// Whether it can be had for so many harts. Others than lockstep can do with less.
    func hasRoom(harts: Int) -> Bool {
        self != .lockstep || HostMemoryLimits.maySpend(addresses: NativeEngine.addressBytes * UInt64(harts))
    }

    /// What lockstep compares with the interpreter, which may not take its place.
    private static var checkedTranslator: NativeEngine {
        guard let engine = translator(.first) else {
            fatalError("no memory for translated code, which lockstep is to compare")
        }
        return engine
    }
}
