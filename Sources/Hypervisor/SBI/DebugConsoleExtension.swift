import Platform

/// Early output and input: SBI 3.0, "Debug Console Extension".
struct DebugConsoleExtension: SBIExtension {
    /// The most that one call moves. The rest is a partial write or read, which the specification allows, so that no
    /// call keeps a hart or its host thread for long.
    static let maximumTransfer: UInt64 = 64 << 10

    private enum Function: UInt64 {
        case write = 0
        case read = 1
        case writeByte = 2
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .write: SBISignature("DBCN.write", 3)
        case .read: SBISignature("DBCN.read", 3)
        case .writeByte: SBISignature("DBCN.write_byte", 1)
        case nil: .unknownFunction("DBCN.unknown")
        }
    }

    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        switch Function(rawValue: call.function) {
        case .write: .reply(.success(try write(call.arguments, environment)))
        case .read: .reply(.success(try read(call.arguments, environment)))
        case .writeByte:
            .reply(.success(try writeByte(UInt8(truncatingIfNeeded: call.arguments.a0), environment)))
        case nil: throw .notSupported
        }
    }

    private func write(
        _ arguments: SBICall.Arguments,
        _ environment: any SBIEnvironment
    ) throws(SBIError) -> UInt64 {
        guard let memory = try Buffer(arguments, environment) else { return 0 }
        guard let bytes = environment.readGuestPhysical(memory.address, count: memory.count) else {
            throw .invalidParameter
        }
        guard let written = environment.writeConsole(bytes) else { throw .failed }
        return UInt64(written)
    }

    private func read(
        _ arguments: SBICall.Arguments,
        _ environment: any SBIEnvironment
    ) throws(SBIError) -> UInt64 {
        // The memory is checked first: input taken from the console could not be put back.
        guard let memory = try Buffer(arguments, environment) else { return 0 }
        guard let bytes = environment.readConsole(maximum: memory.count) else { throw .failed }
        guard bytes.isEmpty || environment.writeGuestPhysical(bytes, at: memory.address) else {
            throw .invalidParameter
        }
        return UInt64(bytes.count)
    }

    private func writeByte(_ byte: UInt8, _ environment: any SBIEnvironment) throws(SBIError) -> UInt64 {
        guard environment.writeConsole([byte]) == 1 else { throw .failed }
        return 0
    }

    /// The memory that `num_bytes`, `base_addr_lo` and `base_addr_hi` name, as much of it as one call moves.
    private struct Buffer {
        let address: GuestPhysicalAddress
        let count: Int

        /// Nil for no bytes.
        ///
        /// - Throws: `invalidParameter` if any of the memory, not only of what one call moves, is not RAM.
        init?(_ arguments: SBICall.Arguments, _ environment: any SBIEnvironment) throws(SBIError) {
            guard arguments.a0 != 0 else { return nil }
            address = GuestPhysicalAddress(arguments.a1)
            guard arguments.a2 == 0, environment.isRAM(address, count: arguments.a0) else { throw .invalidParameter }
            count = Int(min(arguments.a0, DebugConsoleExtension.maximumTransfer))
        }
    }
}
