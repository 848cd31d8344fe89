/// Why a call failed. SBI 3.0, "Binary Encoding", table "Standard SBI Errors".
package enum SBIError: Int64, Error, CaseIterable, Sendable {
    case failed = -1
    case notSupported = -2
    case invalidParameter = -3
    case denied = -4
    case invalidAddress = -5
    case alreadyAvailable = -6
    case alreadyStarted = -7
    case alreadyStopped = -8
    case noSharedMemory = -9
    case invalidState = -10
    case badRange = -11
    case timeout = -12
    case inputOutput = -13
    case deniedLocked = -14

    /// The code as a register holds it.
    package var registerValue: UInt64 { UInt64(bitPattern: rawValue) }
}

/// What a call returns: the specification's `struct sbiret`.
package struct SBIResult: Equatable, Sendable {
    /// Nil for `SBI_SUCCESS`.
    package var error: SBIError?
    /// The value; 0 with an error, where the specification leaves it open.
    package var value: UInt64

    private init(error: SBIError?, value: UInt64) {
        self.error = error
        self.value = value
    }

    /// `SBI_SUCCESS` with a value.
    package static func success(_ value: UInt64 = 0) -> SBIResult { SBIResult(error: nil, value: value) }

    /// An error.
    package static func failure(_ error: SBIError) -> SBIResult { SBIResult(error: error, value: 0) }

    /// What `a0` receives.
    package var a0: UInt64 { error?.registerValue ?? 0 }
    /// What `a1` receives.
    package var a1: UInt64 { value }
}
