/// One extension: its EID, and a row for each of its functions.
///
/// Whatever asks which functions there are (the dispatcher, Base's probe, the counters, traces) reads these rows.
struct SBIExtension: Sendable {
    let id: UInt64
    /// Its name in traces and statistics, such as `HSM`.
    let name: String
    let convention: Convention
    /// By FID.
    let functions: [SBIFunction]

    /// How calls name a function and get their answer.
    enum Convention: Sendable {
        /// The FID in `a6`, an error in `a0` and a value in `a1`.
        case standard
        /// SBI 0.1: an extension is one function whatever `a6` holds, and answers in `a0` alone.
        case legacy
    }

    init(_ id: UInt64, _ name: String, _ functions: [SBIFunction]) {
        self.id = id
        self.name = name
        convention = .standard
        self.functions = functions
    }

    init(legacy id: UInt64, _ function: SBIFunction) {
        self.id = id
        name = "legacy"
        convention = .legacy
        functions = [function]
    }

    /// Where the function of that FID stands in `functions`.
    func index(of function: UInt64) -> Int? {
        switch convention {
        case .standard: functions.firstIndex { $0.id == function }
        case .legacy: 0
        }
    }

    /// All that is implemented, what is called often first.
    static let all: [SBIExtension] =
        [
            .timer, .ipi, .remoteFence, .debugConsole, .base, .hartState, .systemReset, .systemSuspend,
            .firmwareFeatures,
        ] + legacy
}

/// One function of an extension.
struct SBIFunction: Sendable {
    /// Its FID.
    let id: UInt64
    /// Its name in the specification, without `sbi_`.
    let name: String
    /// What `a0` and the registers after it hold.
    let parameters: [SBIParameter]
    /// The errors that the specification lets the function return.
    let errors: [SBIError]
    /// Does it. What it throws is what the guest gets as error.
    let handle: @Sendable (SBIRequest) throws(SBIError) -> SBIOutcome

    init(
        _ id: UInt64,
        _ name: String,
        _ parameters: [SBIParameter] = [],
        errors: [SBIError] = [],
        handle: @escaping @Sendable (SBIRequest) throws(SBIError) -> SBIOutcome
    ) {
        self.id = id
        self.name = name
        self.parameters = parameters
        self.errors = errors
        self.handle = handle
    }
}

/// A call as its function gets it.
struct SBIRequest {
    let arguments: SBICall.Arguments
    /// The calling hart, which is `STARTED`.
    let hart: Int
    let environment: any SBIEnvironment

    /// The harts of a hart list parameter.
    func harts(_ mask: UInt64, base: UInt64) throws(SBIError) -> [Int] {
        try HartMask.harts(mask, base: base, hartCount: environment.hartStates.hartCount)
    }
}
