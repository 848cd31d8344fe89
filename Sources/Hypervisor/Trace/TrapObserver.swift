import Platform
import RV64Core

/// Told of every trap to HS, once it was handled. Called on the vCPU's thread.
package protocol TrapObserver: AnyObject, Sendable {
    func observe(_ record: TrapTraceRecord)
}

extension VirtualCPU {
    /// Tells the observer what happened and what was done.
    func report(_ exit: VCPUExit, _ site: TrapSite, _ action: TrapAction) {
        guard let observer else { return }
        var record = TrapTraceRecord(
            guest: guest.name,
            hart: index,
            nanoseconds: guest.clock.nanoseconds,
            mode: site.mode.name,
            pc: site.pc,
            symbol: machine.symbol(at: site.pc),
            cause: exit.name,
            action: action.description
        )
        switch exit {
        case .guestPageFault(let fault):
            record.trapValue = fault.virtualAddress
            record.guestPhysicalAddress = fault.address.rawValue
        case .exception(_, let value): record.trapValue = value
        case .environmentCall, .virtualInstruction, .interrupt, .unexpected: break
        }
        record.instruction = site.instruction.map {
            disassemble($0, at: site.pc) { [machine] in machine.symbol(at: $0)?.symbol }
        }
        observer.observe(record)
    }
}
