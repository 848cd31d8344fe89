import Platform
import RV64Core

/// What SBI needs of the machine, as the calling hart sees it.
///
/// A hart's index is its hartid. Every method is called on the thread of the calling vCPU, with no lock held.
package protocol SBIEnvironment: AnyObject {
    /// The states of all harts of the guest.
    var hartStates: HartStateMachine { get }

    /// What `mvendorid`, `marchid` and `mimpid` would read as.
    var machineIdentity: SBIMachineIdentity { get }

    /// Whether the guest's harts have the H extension.
    var hasHypervisorExtension: Bool { get }

    /// Programs the calling hart's timer event, in `time` ticks, and clears its pending timer interrupt when the event
    /// is in the future.
    func setTimer(_ deadline: UInt64)

    /// Makes the supervisor software interrupt pending on each of the harts that are not off.
    func sendIPI(to harts: [Int])

    /// Clears the calling hart's supervisor software interrupt; true if it was pending.
    func clearIPI() -> Bool

    /// Fences on each of the harts, the calling one included if listed, and returns when all have done it. A hart that
    /// does not run has nothing cached when it starts.
    func remoteFence(_ fence: RemoteFence, harts: [Int])

    /// Whether a hart may fetch instructions from the address: RAM of the guest.
    func isExecutable(_ address: GuestPhysicalAddress) -> Bool

    /// Whether all of `count` bytes are RAM of the guest; `count` is not 0, and may be anything else.
    func isRAM(_ address: GuestPhysicalAddress, count: UInt64) -> Bool

    /// Copies bytes out of the guest's RAM; nil if they are not all there.
    func readGuestPhysical(_ address: GuestPhysicalAddress, count: Int) -> [UInt8]?

    /// Copies bytes into the guest's RAM; false, and nothing written, if they do not all fit.
    func writeGuestPhysical(_ bytes: [UInt8], at address: GuestPhysicalAddress) -> Bool

    /// Loads a doubleword as the calling hart's supervisor would.
    ///
    /// - Throws: the trap that the load would take.
    func readGuestVirtual(_ address: VirtualAddress) throws(Trap) -> UInt64

    /// Writes to the guest's console; how many of the bytes were taken, or nil after an I/O error.
    func writeConsole(_ bytes: [UInt8]) -> Int?

    /// Takes bytes that wait at the guest's console, `maximum` at most, and none rather than wait; nil after an I/O
    /// error.
    func readConsole(maximum: Int) -> [UInt8]?

    /// What the calling hart has a firmware feature set to; nil where it cannot have the feature.
    func firmwareFeature(_ feature: FirmwareFeature) -> UInt64?

    /// Sets a firmware feature of the calling hart to one of the feature's values; false, and nothing changed, where
    /// the hart does not have that value.
    func setFirmwareFeature(_ feature: FirmwareFeature, to value: UInt64) -> Bool

    /// Whether the calling hart has locked a firmware feature.
    func isFirmwareFeatureLocked(_ feature: FirmwareFeature) -> Bool

    /// Locks a firmware feature of the calling hart until the hart is reset.
    func lockFirmwareFeature(_ feature: FirmwareFeature)

    /// Wakes the vCPU of a hart that has just become `START_PENDING`; it takes where to begin from
    /// `HartStateMachine.completeStart`, which makes it `STARTED`.
    func startHart(_ hart: Int, at entry: HartEntry)
}

/// What the Base extension says about the machine; 0 is legal for each.
package struct SBIMachineIdentity: Equatable, Sendable {
    package var vendor: UInt64
    package var architecture: UInt64
    package var implementation: UInt64

    package init(vendor: UInt64 = 0, architecture: UInt64 = 0, implementation: UInt64 = 0) {
        self.vendor = vendor
        self.architecture = architecture
        self.implementation = implementation
    }
}

/// What the target harts of a remote fence execute. SBI 3.0, "RFENCE Extension".
package enum RemoteFence: Equatable, Sendable {
    /// `FENCE.I`
    case instruction
    /// `SFENCE.VMA`; nil stands for all address spaces.
    case supervisor(FenceRange, asid: UInt64?)
    /// `HFENCE.GVMA`; nil stands for all guests.
    case guestStage(FenceRange, vmid: UInt64?)
    /// `HFENCE.VVMA` for the calling hart's current VMID; nil stands for all address spaces.
    case virtualSupervisor(FenceRange, asid: UInt64?)
}

/// The addresses of a remote fence.
package enum FenceRange: Equatable, Sendable {
    case everything
    /// `size` is not 0, and `start + size - 1` does not wrap round.
    case addresses(start: UInt64, size: UInt64)
}
