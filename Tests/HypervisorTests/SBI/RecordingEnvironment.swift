import Hypervisor
import Platform
import RV64Core

/// A machine that does nothing but note what SBI asks of it.
final class RecordingEnvironment: SBIEnvironment {
    enum Event: Equatable {
        case setTimer(UInt64)
        case sendIPI([Int])
        case clearIPI
        case fence(RemoteFence, [Int])
        case startHart(Int, HartEntry)
        case write([UInt8])
        case read(maximum: Int)
        case set(FirmwareFeature, UInt64)
        case lock(FirmwareFeature)
    }

    static let ramBase: UInt64 = 0x8000_0000
    static let ramSize: UInt64 = 0x2_0000

    let hartStates: HartStateMachine
    var machineIdentity = SBIMachineIdentity()
    var hasHypervisorExtension = false
    var events: [Event] = []
    var ram = [UInt8](repeating: 0, count: Int(ramSize))
    var isIPIPending = false
    /// The firmware features that the hart has.
    var features: [FirmwareFeature: UInt64] = [:]
    /// The values that the hart refuses although the specification has them.
    var refusedValues: Set<UInt64> = []
    var lockedFeatures: Set<FirmwareFeature> = []
    /// What waits to be read; nil for a console whose input fails.
    var input: [UInt8]? = []
    /// How many bytes a write takes; nil for a console whose output fails.
    var outputCapacity: Int? = .max
    /// Doublewords at guest virtual addresses; all others fault.
    var virtualMemory: [UInt64: UInt64] = [:]

    init(harts: Int = 4) { hartStates = HartStateMachine(hartCount: harts) }

    func setTimer(_ deadline: UInt64) { events.append(.setTimer(deadline)) }

    func sendIPI(to harts: [Int]) { events.append(.sendIPI(harts)) }

    func clearIPI() -> Bool {
        events.append(.clearIPI)
        defer { isIPIPending = false }
        return isIPIPending
    }

    func remoteFence(_ fence: RemoteFence, harts: [Int]) { events.append(.fence(fence, harts)) }

    func isExecutable(_ address: GuestPhysicalAddress) -> Bool { isRAM(address, count: 1) }

    func isRAM(_ address: GuestPhysicalAddress, count: UInt64) -> Bool {
        let offset = address.rawValue &- Self.ramBase
        return offset < Self.ramSize && count <= Self.ramSize - offset
    }

    func readGuestPhysical(_ address: GuestPhysicalAddress, count: Int) -> [UInt8]? {
        guard isRAM(address, count: UInt64(count)) else { return nil }
        let offset = Int(address.rawValue - Self.ramBase)
        return Array(ram[offset..<offset + count])
    }

    func writeGuestPhysical(_ bytes: [UInt8], at address: GuestPhysicalAddress) -> Bool {
        guard isRAM(address, count: UInt64(bytes.count)) else { return false }
        let offset = Int(address.rawValue - Self.ramBase)
        ram.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return true
    }

    func readGuestVirtual(_ address: VirtualAddress) throws(Trap) -> UInt64 {
        guard let word = virtualMemory[address.rawValue] else {
            throw Trap(.loadPageFault, value: address.rawValue)
        }
        return word
    }

    func writeConsole(_ bytes: [UInt8]) -> Int? {
        events.append(.write(bytes))
        return outputCapacity.map { min($0, bytes.count) }
    }

    func readConsole(maximum: Int) -> [UInt8]? {
        events.append(.read(maximum: maximum))
        guard let waiting = input else { return nil }
        let taken = Array(waiting.prefix(maximum))
        input = Array(waiting.dropFirst(taken.count))
        return taken
    }

    func startHart(_ hart: Int, at entry: HartEntry) { events.append(.startHart(hart, entry)) }

    func firmwareFeature(_ feature: FirmwareFeature) -> UInt64? { features[feature] }

    func setFirmwareFeature(_ feature: FirmwareFeature, to value: UInt64) -> Bool {
        guard !refusedValues.contains(value) else { return false }
        events.append(.set(feature, value))
        features[feature] = value
        return true
    }

    func isFirmwareFeatureLocked(_ feature: FirmwareFeature) -> Bool { lockedFeatures.contains(feature) }

    func lockFirmwareFeature(_ feature: FirmwareFeature) {
        events.append(.lock(feature))
        lockedFeatures.insert(feature)
    }

    /// Calls as hart 0.
    func call(_ extensionID: UInt64, _ function: UInt64 = 0, _ arguments: UInt64...) -> SBIOutcome {
        var a = arguments
        a += [UInt64](repeating: 0, count: 6 - a.count)
        let call = SBICall(
            extensionID: extensionID,
            function: function,
            arguments: .init(a[0], a[1], a[2], a[3], a[4], a[5])
        )
        return SBIDispatcher().handle(call, for: call.target, hart: 0, environment: self)
    }
}

/// The extension IDs, as the specification's tables have them.
enum EID {
    static let base: UInt64 = 0x10
    static let timer: UInt64 = 0x5449_4D45
    static let ipi: UInt64 = 0x73_5049
    static let remoteFence: UInt64 = 0x5246_4E43
    static let hartState: UInt64 = 0x48_534D
    static let systemReset: UInt64 = 0x5352_5354
    static let debugConsole: UInt64 = 0x4442_434E
    static let systemSuspend: UInt64 = 0x5355_5350
    static let firmwareFeatures: UInt64 = 0x4657_4654
    static let implemented: [UInt64] =
        Array(0...8) + [
            base, timer, ipi, remoteFence, hartState, systemReset, debugConsole, systemSuspend, firmwareFeatures,
        ]
}

extension SBIOutcome {
    static func success(_ value: UInt64 = 0) -> SBIOutcome { .reply(.success(value)) }
    static func failure(_ error: SBIError) -> SBIOutcome { .reply(.failure(error)) }
}
