import Platform
import RV64Core

/// One guest as HS sees it: what all its vCPUs share.
///
/// The vCPUs live as long as the guest; a reset or a start through HSM sets their harts up anew.
package final class Guest: @unchecked Sendable {
    // @unchecked: `vcpus` is set once, before any vCPU runs; the rest is immutable.

    package let name: String
    /// The extensions that the guest is offered; its harts have more, for the hypervisor.
    package let offered: ExtensionSet
    package let addressSpace: GuestAddressSpace
    package let clock: any MachineClock
    package let hartStates: HartStateMachine
    package let observers: Observers?
    /// Whether the time in the guest and in the hypervisor is measured, which costs two looks at the clock per exit.
    package let measuresTime: Bool
    /// Where what exits cost is kept; nil where nobody counts it.
    package let work: HostWork?
    /// In the order of their numbers.
    package private(set) var vcpus: [VirtualCPU] = []

    package init(
        name: String,
        isa: ISAConfiguration,
        hartCount: Int,
        pagingLimit: PagingLimit,
        addressSpace: GuestAddressSpace,
        vmid: VMID,
        memory: PhysicalMemory,
        clock: any MachineClock,
        observers: Observers?,
        measuresTime: Bool,
        work: HostWork?,
        makeEngine: (@Sendable () -> (any Engine)?)? = nil
    ) {
        self.name = name
        offered = isa.extensions
        self.addressSpace = addressSpace
        self.clock = clock
        self.observers = observers
        self.measuresTime = measuresTime
        self.work = work
        hartStates = HartStateMachine(hartCount: hartCount)
        let soleTurn = hartCount > 1 ? SoleTurn(harts: hartCount) : nil
        vcpus = (0..<hartCount).map { index in
            let hart = Hart(
                configuration: HartConfiguration(
                    id: UInt64(index),
                    extensions: isa.extensions.union(GuestState.ownExtensions),
                    hostedModes: .virtualized,
                    pagingLimit: pagingLimit,
                    soleTurn: soleTurn,
                    observer: observers,
                    makeEngine: makeEngine
                ),
                memory: memory,
                clock: clock
            )
            return VirtualCPU(index: index, hart: hart, guest: self, vmid: vmid)
        }
    }

    /// The machine that the guest is in.
    package func connect(to machine: some GuestMachine) {
        for vcpu in vcpus { vcpu.connect(to: machine) }
    }

    /// The devices of that machine, from here on. No vCPU runs.
    package func connect(to bus: Bus) {
        for vcpu in vcpus { vcpu.connect(to: bus) }
    }

    /// Every hart as after power-on, the first about to enter the guest. No vCPU runs.
    package func reset(at entry: HartEntry) {
        hartStates.reset()
        for vcpu in vcpus { vcpu.reset() }
        vcpus.first?.enter(at: entry)
    }
}

/// What a vCPU reaches beyond the hart and devices: its machine, and that one's life.
///
/// Any vCPU's thread may use it.
package protocol GuestMachine: ObservedMachine {
    /// A hart that is not the first has accessed a device, whose timer may have moved.
    func deviceAccessed()

    /// Whether a hart is to come out of its turn now, for the machine, the console or the timer of the device at `access`.
    func isAwaited(byHart hart: Int, after access: UInt64?) -> Bool

    /// Sixteen random bits for the guest's `seed`.
    var entropy: UInt16 { get }

    func writeConsole(_ bytes: [UInt8])

    /// Takes what was typed, `maximum` bytes at most.
    func readConsole(maximum: Int) -> [UInt8]

    /// Ends the machine. The first reason counts.
    func end(_ reason: StopReason)

    /// Starts the machine anew once all its harts have come to rest.
    func reset()
}

extension ObservedMachine {
    /// An address with its symbol, where the guest's file has one.
    package func describe(_ address: UInt64) -> String {
        guard let place = symbol(at: address) else { return hex(address) }
        return "\(hex(address)) (\(place.symbol)+\(hex(place.offset)))"
    }
}
