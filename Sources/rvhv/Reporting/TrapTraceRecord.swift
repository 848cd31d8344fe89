import Hypervisor
import Platform
import RV64Core

/// One trap to HS, as a reader wants to see it.
struct TrapTraceRecord: Equatable, Sendable {
    var guest: String
    var hart: Int
    /// The guest's time at the beginning of the turn that ended with the trap.
    var nanoseconds: UInt64
    /// The mode the trap came from, as the manual writes it: VS, VU.
    var mode: String
    /// `sepc`.
    var pc: UInt64
    var symbol: SymbolOffset?
    /// The cause in the manual's words.
    var cause: String
    /// The instruction at `pc`, disassembled; nil for an interrupt, or where it cannot be fetched.
    var instruction: String?
    /// `stval` where the cause defines it.
    var trapValue: UInt64?
    /// The guest physical address that `htval` gives, where the cause defines it.
    var guestPhysicalAddress: UInt64?
    /// What the hypervisor did.
    var action: String
}

extension TrapTraceRecord {
    init(_ handled: HandledExit, hart: Int, of machine: any ObservedMachine) {
        let site = handled.site
        self.init(
            guest: machine.name,
            hart: hart,
            nanoseconds: machine.nanoseconds,
            mode: site.mode.name,
            pc: site.pc,
            symbol: machine.symbol(at: site.pc),
            cause: handled.exit.name,
            instruction: site.instruction.map { disassemble($0, at: site.pc) { machine.symbol(at: $0)?.symbol } },
            action: handled.action.description(on: machine)
        )
        switch handled.exit {
        case .guestPageFault(let fault):
            trapValue = fault.virtualAddress
            guestPhysicalAddress = fault.address.rawValue
        case .exception(_, let value): trapValue = value
        case .environmentCall, .virtualInstruction, .interrupt, .unexpected: break
        }
    }
}

extension TrapAction {
    fileprivate func description(on machine: any ObservedMachine) -> String {
        switch self {
        case .populated: "gave the page a frame"
        case .retried: "retried"
        case .emulated(let access): "\(access.description) \(machine.deviceName(at: access.address))"
        case .injected(let cause): "gave it to the guest as \(cause.name)"
        case .answered(let call, let outcome): "\(call.description) \(outcome.summary)"
        case .timerRaised: "made the guest's timer interrupt pending"
        case .seeded: "gave it 16 random bits"
        case .stopped: "stopped the guest"
        }
    }
}

extension DeviceAccess {
    fileprivate var description: String {
        switch direction {
        case .read: "read \(width.bytes) bytes from"
        case .write: "wrote \(width.bytes) bytes to"
        }
    }
}

extension SBIOutcome {
    fileprivate var summary: String {
        switch self {
        case .reply(let result): result.error.map { "-> \($0.rawValue)" } ?? "-> 0, \(hex(result.value))"
        case .legacyReply(let value): "-> \(Int64(bitPattern: value))"
        case .stopHart: "stops the hart"
        case .suspendHart: "suspends the hart"
        case .resetMachine(let reset): "\(reset.kind)"
        case .inject(let trap): "gave the guest \(trap.cause.name)"
        }
    }
}
