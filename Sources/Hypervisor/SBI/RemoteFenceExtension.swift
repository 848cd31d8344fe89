/// Fences on other harts: SBI 3.0, "RFENCE Extension".
struct RemoteFenceExtension: SBIExtension {
    private enum Function: UInt64 {
        case fenceI = 0
        case sfenceVMA = 1
        case sfenceVMAWithASID = 2
        case hfenceGVMAWithVMID = 3
        case hfenceGVMA = 4
        case hfenceVVMAWithASID = 5
        case hfenceVVMA = 6

        /// "This function call is only valid for harts implementing hypervisor extension."
        var needsHypervisorExtension: Bool {
            switch self {
            case .fenceI, .sfenceVMA, .sfenceVMAWithASID: false
            case .hfenceGVMAWithVMID, .hfenceGVMA, .hfenceVVMAWithASID, .hfenceVVMA: true
            }
        }
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .fenceI: SBISignature("RFENCE.fence_i", 2)
        case .sfenceVMA: SBISignature("RFENCE.sfence_vma", 4)
        case .sfenceVMAWithASID: SBISignature("RFENCE.sfence_vma_asid", 5)
        case .hfenceGVMAWithVMID: SBISignature("RFENCE.hfence_gvma_vmid", 5)
        case .hfenceGVMA: SBISignature("RFENCE.hfence_gvma", 4)
        case .hfenceVVMAWithASID: SBISignature("RFENCE.hfence_vvma_asid", 5)
        case .hfenceVVMA: SBISignature("RFENCE.hfence_vvma", 4)
        case nil: .unknownFunction("RFENCE.unknown")
        }
    }

    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        guard let function = Function(rawValue: call.function) else { throw .notSupported }
        if function.needsHypervisorExtension && !environment.hasHypervisorExtension { throw .notSupported }
        let arguments = call.arguments
        let harts = try HartMask.harts(
            arguments.a0,
            base: arguments.a1,
            hartCount: environment.hartStates.hartCount
        )
        let fence = try fence(function, arguments)
        if !harts.isEmpty { environment.remoteFence(fence, harts: harts) }
        return .reply(.success())
    }

    private func fence(_ function: Function, _ arguments: SBICall.Arguments) throws(SBIError) -> RemoteFence {
        if function == .fenceI { return .instruction }
        let range = try FenceRange(start: arguments.a2, size: arguments.a3)
        return switch function {
        case .fenceI: .instruction
        case .sfenceVMA: .supervisor(range, asid: nil)
        case .sfenceVMAWithASID: .supervisor(range, asid: try AddressSpaceID.asid(arguments.a4))
        case .hfenceGVMAWithVMID: .guestStage(range, vmid: try AddressSpaceID.vmid(arguments.a4))
        case .hfenceGVMA: .guestStage(range, vmid: nil)
        case .hfenceVVMAWithASID: .virtualSupervisor(range, asid: try AddressSpaceID.asid(arguments.a4))
        case .hfenceVVMA: .virtualSupervisor(range, asid: nil)
        }
    }
}

extension FenceRange {
    /// The range that two arguments name: everything if both are 0 or `size` is 2^XLEN-1.
    ///
    /// - Throws: `invalidAddress` if the range runs over the end of the address space.
    init(start: UInt64, size: UInt64) throws(SBIError) {
        if size == .max || (start == 0 && size == 0) {
            self = .everything
            return
        }
        // A fence may always cover more than was asked for: the empty range becomes the page of its start.
        let size = max(size, 1)
        guard !start.addingReportingOverflow(size - 1).overflow else { throw .invalidAddress }
        self = .addresses(start: start, size: size)
    }
}

/// The widths of `satp.ASID` and `hgatp.VMID` on RV64: a larger number names no address space.
enum AddressSpaceID {
    /// - Throws: `invalidParameter` if the number does not fit.
    static func asid(_ value: UInt64) throws(SBIError) -> UInt64 { try check(value, bits: 16) }

    /// - Throws: `invalidParameter` if the number does not fit.
    static func vmid(_ value: UInt64) throws(SBIError) -> UInt64 { try check(value, bits: 14) }

    private static func check(_ value: UInt64, bits: UInt64) throws(SBIError) -> UInt64 {
        guard value >> bits == 0 else { throw .invalidParameter }
        return value
    }
}
