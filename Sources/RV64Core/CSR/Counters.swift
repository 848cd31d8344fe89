/// Bits of the counter-enable registers and of `mcountinhibit`.
package enum CounterSet {
    package static let cycle: UInt64 = 1 << 0
    package static let time: UInt64 = 1 << 1
    package static let instret: UInt64 = 1 << 2
    package static let hpm: UInt64 = 0xffff_fff8

    /// `mcounteren`, `hcounteren` and `scounteren`: every counter. norm:mcounteren_flds_mandatory_warl
    package static let enables = cycle | time | instret | hpm
    /// `mcountinhibit`: `time` cannot be inhibited. norm:mcountinhibit_sz_warl_op1
    package static let inhibitable = cycle | instret | hpm
}

extension Hart {
    /// `mcycle`: one cycle per retired instruction. norm:mcycle_op
    var machineCycle: UInt64 {
        let isFrozen = state.pointee.mcountinhibit & CounterSet.cycle != 0
        return state.pointee.mcycleOffset &+ (isFrozen ? 0 : state.pointee.retired)
    }

    /// `minstret`. norm:minstret_op
    var machineInstret: UInt64 {
        let isFrozen = state.pointee.mcountinhibit & CounterSet.instret != 0
        return state.pointee.minstretOffset &+ (isFrozen ? 0 : state.pointee.retired)
    }

    func writeMachineCycle(_ value: UInt64) {
        let isFrozen = state.pointee.mcountinhibit & CounterSet.cycle != 0
        state.pointee.mcycleOffset = value &- (isFrozen ? 0 : state.pointee.retired)
    }

    func writeMachineInstret(_ value: UInt64) {
        let isFrozen = state.pointee.mcountinhibit & CounterSet.instret != 0
        state.pointee.minstretOffset = value &- (isFrozen ? 0 : state.pointee.retired)
    }

    /// The counters keep their value over the change. norm:mcountinhibit_op2
    func writeCounterInhibit(_ value: UInt64) {
        let cycle = machineCycle
        let instret = machineInstret
        state.pointee.mcountinhibit = value & CounterSet.inhibitable
        writeMachineCycle(cycle)
        writeMachineInstret(instret)
    }

    /// What `time` reads as in the current mode. norm:htimedelta_sz_acc_op
    var visibleTime: UInt64 {
        state.pointee.mode.isVirtual ? time &+ state.pointee.htimedelta : time
    }
}
