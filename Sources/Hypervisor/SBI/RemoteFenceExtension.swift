extension SBIExtension {
    /// Fences on other harts: SBI 3.0, "RFENCE Extension".
    static let remoteFence = SBIExtension(
        0x5246_4E43,
        "RFENCE",
        [
            SBIFunction(0, "fence_i", HartMask.parameters, errors: [.invalidParameter]) { request throws(SBIError) in
                try RemoteFences.post(.instruction, request)
            },
            RemoteFences.row(1, "sfence_vma") { range, _ throws(SBIError) in .supervisor(range, asid: nil) },
            RemoteFences.row(2, "sfence_vma_asid", number: "asid") { range, number throws(SBIError) in
                .supervisor(range, asid: try AddressSpaceID.asid(number))
            },
            RemoteFences.guestRow(3, "hfence_gvma_vmid", number: "vmid") { range, number throws(SBIError) in
                .guestStage(range, vmid: try AddressSpaceID.vmid(number))
            },
            RemoteFences.guestRow(4, "hfence_gvma") { range, _ throws(SBIError) in .guestStage(range, vmid: nil) },
            RemoteFences.guestRow(5, "hfence_vvma_asid", number: "asid") { range, number throws(SBIError) in
                .virtualSupervisor(range, asid: try AddressSpaceID.asid(number))
            },
            RemoteFences.guestRow(6, "hfence_vvma") { range, _ throws(SBIError) in
                .virtualSupervisor(range, asid: nil)
            },
        ]
    )
}

private enum RemoteFences {
    /// The fence of a range and of what `a4` names.
    typealias Maker = @Sendable (FenceRange, UInt64) throws(SBIError) -> RemoteFence

    /// A fence of addresses; `number` is the name of its fifth argument, if it has one.
    static func row(_ id: UInt64, _ name: String, number: String? = nil, make: @escaping Maker) -> SBIFunction {
        let range = [SBIParameter("start_addr", .virtualAddress), SBIParameter("size", .size)]
        let last = number.map { [SBIParameter($0, .number)] } ?? []
        return SBIFunction(
            id,
            name,
            HartMask.parameters + range + last,
            errors: [.invalidParameter, .invalidAddress],
            handle: { request throws(SBIError) in
                let arguments = request.arguments
                // The harts first: which of two errors is reported does not depend on the fence.
                _ = try request.harts(arguments.a0, base: arguments.a1)
                let range = try FenceRange(start: arguments.a2, size: arguments.a3)
                return try post(try make(range, arguments.a4), request)
            }
        )
    }

    /// "This function call is only valid for harts implementing hypervisor extension."
    static func guestRow(_ id: UInt64, _ name: String, number: String? = nil, make: @escaping Maker) -> SBIFunction {
        let fence = row(id, name, number: number, make: make)
        return SBIFunction(
            id,
            name,
            fence.parameters,
            errors: fence.errors + [.notSupported],
            handle: { request throws(SBIError) in
                guard request.environment.hasHypervisorExtension else { throw .notSupported }
                return try fence.handle(request)
            }
        )
    }

    static func post(_ fence: RemoteFence, _ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        let harts = try request.harts(request.arguments.a0, base: request.arguments.a1)
        if !harts.isEmpty { request.environment.remoteFence(fence, harts: harts) }
        return .success()
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
