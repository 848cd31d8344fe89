import Platform

extension SBIExtension {
    /// Early output and input: SBI 3.0, "Debug Console Extension".
    static let debugConsole = SBIExtension(
        0x4442_434E,
        "DBCN",
        [
            SBIFunction(
                0,
                "write",
                DebugConsole.parameters,
                errors: [.invalidParameter, .denied, .failed],
                handle: DebugConsole.write
            ),
            SBIFunction(
                1,
                "read",
                DebugConsole.parameters,
                errors: [.invalidParameter, .denied, .failed],
                handle: DebugConsole.read
            ),
            SBIFunction(
                2,
                "write_byte",
                [SBIParameter("byte", .byte)],
                errors: [.denied, .failed],
                handle: DebugConsole.writeByte
            ),
        ]
    )
}

private enum DebugConsole {
    static let parameters = [
        SBIParameter("num_bytes", .size),
        SBIParameter("base_addr_lo", .physicalAddress),
        SBIParameter("base_addr_hi", .physicalAddress),
    ]

    /// The most that one call moves. The rest is a partial write or read, which the specification allows, so that no
    /// call keeps a hart or its host thread for long.
    static let maximumTransfer: UInt64 = 4 << 10

    @Sendable static func write(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        guard let memory = try Buffer(request) else { return .success() }
        guard let bytes = request.environment.readGuestPhysical(memory.address, count: memory.count) else {
            throw .invalidParameter
        }
        guard let written = request.environment.writeConsole(bytes) else { throw .failed }
        return .success(UInt64(written))
    }

    @Sendable static func read(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        // The memory is checked first: input taken from the console could not be put back.
        guard let memory = try Buffer(request) else { return .success() }
        guard let bytes = request.environment.readConsole(maximum: memory.count) else { throw .failed }
        guard bytes.isEmpty || request.environment.writeGuestPhysical(bytes, at: memory.address) else {
            throw .invalidParameter
        }
        return .success(UInt64(bytes.count))
    }

    @Sendable static func writeByte(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        let byte = UInt8(truncatingIfNeeded: request.arguments.a0)
        guard request.environment.writeConsole([byte]) == 1 else { throw .failed }
        return .success()
    }

    /// The memory that `num_bytes`, `base_addr_lo` and `base_addr_hi` name, as much of it as one call moves.
    private struct Buffer {
        let address: GuestPhysicalAddress
        let count: Int

        /// Nil for no bytes.
        ///
        /// - Throws: `invalidParameter` if any of the memory, not only of what one call moves, is not RAM.
        init?(_ request: SBIRequest) throws(SBIError) {
            let arguments = request.arguments
            guard arguments.a0 != 0 else { return nil }
            address = GuestPhysicalAddress(arguments.a1)
            guard arguments.a2 == 0, request.environment.isRAM(address, count: arguments.a0) else {
                throw .invalidParameter
            }
            count = Int(min(arguments.a0, DebugConsole.maximumTransfer))
        }
    }
}
