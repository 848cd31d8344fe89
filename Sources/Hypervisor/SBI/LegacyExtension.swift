import Platform
import RV64Core

/// The calls of SBI 0.1, an EID each: SBI 3.0, "Legacy Extensions". They answer in `a0` alone.
struct LegacyExtension: SBIExtension {
    enum Function: Sendable {
        case setTimer
        case consolePutchar
        case consoleGetchar
        case clearIPI
        case sendIPI
        case remoteFenceI
        case remoteSFenceVMA
        case remoteSFenceVMAWithASID
        case shutdown
    }

    let function: Function

    func signature(of call: SBICall) -> SBISignature {
        switch function {
        case .setTimer: SBISignature("legacy.set_timer", 1)
        case .consolePutchar: SBISignature("legacy.console_putchar", 1)
        case .consoleGetchar: SBISignature("legacy.console_getchar", 0)
        case .clearIPI: SBISignature("legacy.clear_ipi", 0)
        case .sendIPI: SBISignature("legacy.send_ipi", 1)
        case .remoteFenceI: SBISignature("legacy.remote_fence_i", 1)
        case .remoteSFenceVMA: SBISignature("legacy.remote_sfence_vma", 3)
        case .remoteSFenceVMAWithASID: SBISignature("legacy.remote_sfence_vma_asid", 4)
        case .shutdown: SBISignature("legacy.shutdown", 0)
        }
    }

    func handle(_ call: SBICall, hart: Int, environment: any SBIEnvironment) -> SBIOutcome {
        do throws(Stop) {
            return try answer(call.arguments, environment)
        } catch {
            switch error {
            case .error(let error): return .legacyReply(error.registerValue)
            case .trap(let trap): return .inject(trap)
            }
        }
    }

    /// Why a call has not been done.
    private enum Stop: Error {
        case error(SBIError)
        /// The page or access fault of reading the guest's hart mask, which is the guest's to handle.
        case trap(Trap)
    }

    private func answer(
        _ arguments: SBICall.Arguments,
        _ environment: any SBIEnvironment
    ) throws(Stop) -> SBIOutcome {
        switch function {
        case .setTimer:
            environment.setTimer(arguments.a0)
            return .legacyReply(0)
        case .consolePutchar:
            // "If the console doesn't exist at all, then the character is thrown away."
            _ = environment.writeConsole([UInt8(truncatingIfNeeded: arguments.a0)])
            return .legacyReply(0)
        case .consoleGetchar:
            return .legacyReply(environment.readConsole(maximum: 1)?.first.map(UInt64.init) ?? .max)
        case .clearIPI:
            return .legacyReply(environment.clearIPI() ? 1 : 0)
        case .sendIPI:
            let harts = try readHartMask(arguments.a0, environment)
            if !harts.isEmpty { environment.sendIPI(to: harts) }
            return .legacyReply(0)
        case .remoteFenceI, .remoteSFenceVMA, .remoteSFenceVMAWithASID:
            let harts = try readHartMask(arguments.a0, environment)
            let fence = try fence(arguments)
            if !harts.isEmpty { environment.remoteFence(fence, harts: harts) }
            return .legacyReply(0)
        case .shutdown:
            return .resetMachine(SBIReset(kind: .shutdown, reason: .none))
        }
    }

    private func fence(_ arguments: SBICall.Arguments) throws(Stop) -> RemoteFence {
        do throws(SBIError) {
            if function == .remoteFenceI { return .instruction }
            let range = try FenceRange(start: arguments.a1, size: arguments.a2)
            let asid = function == .remoteSFenceVMAWithASID ? try AddressSpaceID.asid(arguments.a3) : nil
            return .supervisor(range, asid: asid)
        } catch {
            throw .error(error)
        }
    }

    /// The harts of the bit vector at a guest virtual address; all of them at the null pointer, as every firmware of
    /// that time had it.
    ///
    /// Bits past the last hart only fill the last doubleword, and are ignored.
    private func readHartMask(_ address: UInt64, _ environment: any SBIEnvironment) throws(Stop) -> [Int] {
        let hartCount = environment.hartStates.hartCount
        if address == 0 { return Array(0..<hartCount) }
        var harts: [Int] = []
        for first in stride(from: 0, to: hartCount, by: UInt64.bitWidth) {
            let word: UInt64
            do {
                word = try environment.readGuestVirtual(VirtualAddress(address &+ UInt64(first / 8)))
            } catch {
                throw .trap(error)
            }
            let last = min(first + UInt64.bitWidth, hartCount)
            harts += (first..<last).filter { word >> UInt64($0 - first) & 1 != 0 }
        }
        return harts
    }
}
