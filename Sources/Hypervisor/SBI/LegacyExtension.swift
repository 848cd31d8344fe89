import Platform
import RV64Core

extension SBIExtension {
    /// The calls of SBI 0.1, an EID each: SBI 3.0, "Legacy Extensions". They answer in `a0` alone.
    static let legacy: [SBIExtension] = [
        SBIExtension(
            legacy: 0,
            SBIFunction(0, "set_timer", [SBIParameter("stime_value", .time)], handle: Legacy.timer)
        ),
        SBIExtension(legacy: 1, SBIFunction(0, "console_putchar", [SBIParameter("ch", .byte)], handle: Legacy.write)),
        SBIExtension(legacy: 2, SBIFunction(0, "console_getchar", handle: Legacy.read)),
        SBIExtension(
            legacy: 3,
            SBIFunction(0, "clear_ipi") { .legacyReply($0.environment.clearIPI() ? 1 : 0) }
        ),
        SBIExtension(legacy: 4, SBIFunction(0, "send_ipi", Legacy.hartMask, handle: Legacy.sendIPI)),
        SBIExtension(
            legacy: 5,
            SBIFunction(0, "remote_fence_i", Legacy.hartMask) { request throws(SBIError) in
                try Legacy.fence(request) { () throws(SBIError) in .instruction }
            }
        ),
        SBIExtension(
            legacy: 6,
            SBIFunction(
                0,
                "remote_sfence_vma",
                Legacy.hartMask + Legacy.range,
                errors: [.invalidAddress]
            ) { request throws(SBIError) in
                try Legacy.fence(request) { () throws(SBIError) in
                    .supervisor(try Legacy.range(request.arguments), asid: nil)
                }
            }
        ),
        SBIExtension(
            legacy: 7,
            SBIFunction(
                0,
                "remote_sfence_vma_asid",
                Legacy.hartMask + Legacy.range + [SBIParameter("asid", .number)],
                errors: [.invalidAddress, .invalidParameter]
            ) { request throws(SBIError) in
                try Legacy.fence(request) { () throws(SBIError) in
                    let range = try Legacy.range(request.arguments)
                    return .supervisor(range, asid: try AddressSpaceID.asid(request.arguments.a3))
                }
            }
        ),
        SBIExtension(
            legacy: 8,
            SBIFunction(0, "shutdown") { _ in .resetMachine(SBIReset(kind: .shutdown, reason: .none)) }
        ),
    ]
}

private enum Legacy {
    static let hartMask = [SBIParameter("hart_mask", .virtualAddress)]
    static let range = [SBIParameter("start", .virtualAddress), SBIParameter("size", .size)]

    @Sendable static func timer(_ request: SBIRequest) -> SBIOutcome {
        request.environment.setTimer(request.arguments.a0)
        return .legacyReply(0)
    }

    @Sendable static func write(_ request: SBIRequest) -> SBIOutcome {
        // "If the console doesn't exist at all, then the character is thrown away."
        _ = request.environment.writeConsole([UInt8(truncatingIfNeeded: request.arguments.a0)])
        return .legacyReply(0)
    }

    @Sendable static func read(_ request: SBIRequest) -> SBIOutcome {
        .legacyReply(request.environment.readConsole(maximum: 1)?.first.map(UInt64.init) ?? .max)
    }

    @Sendable static func sendIPI(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        try withHarts(request) { harts throws(SBIError) in
            if !harts.isEmpty { request.environment.sendIPI(to: harts) }
        }
    }

    static func fence(
        _ request: SBIRequest,
        _ make: () throws(SBIError) -> RemoteFence
    ) throws(SBIError) -> SBIOutcome {
        try withHarts(request) { harts throws(SBIError) in
            let fence = try make()
            if !harts.isEmpty { request.environment.remoteFence(fence, harts: harts) }
        }
    }

    static func range(_ arguments: SBICall.Arguments) throws(SBIError) -> FenceRange {
        try FenceRange(start: arguments.a1, size: arguments.a2)
    }

    /// Reads the harts' mask; the page or access fault of reading it is the guest's to handle.
    private static func withHarts(
        _ request: SBIRequest,
        _ body: ([Int]) throws(SBIError) -> Void
    ) throws(SBIError) -> SBIOutcome {
        let harts: [Int]
        do throws(Trap) {
            harts = try readHartMask(request.arguments.a0, request.environment)
        } catch {
            return .inject(error)
        }
        try body(harts)
        return .legacyReply(0)
    }

    /// The harts of the bit vector at a guest virtual address; all of them at the null pointer, as every firmware of
    /// that time had it.
    ///
    /// Bits past the last hart only fill the last doubleword, and are ignored.
    private static func readHartMask(_ address: UInt64, _ environment: any SBIEnvironment) throws(Trap) -> [Int] {
        let hartCount = environment.hartStates.hartCount
        if address == 0 { return Array(0..<hartCount) }
        var harts: [Int] = []
        for first in stride(from: 0, to: hartCount, by: UInt64.bitWidth) {
            let word = try environment.readGuestVirtual(VirtualAddress(address &+ UInt64(first / 8)))
            let last = min(first + UInt64.bitWidth, hartCount)
            harts += (first..<last).filter { word >> UInt64($0 - first) & 1 != 0 }
        }
        return harts
    }
}
