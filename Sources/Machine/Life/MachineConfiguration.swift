import Hypervisor
import Platform
import RV64Core

/// What a machine is to be: a value, checked as a whole before anything is allocated.
public struct MachineConfiguration: Sendable {
    /// The name in reports.
    public var name: String
    /// A guest behind the built-in hypervisor, or a plain machine.
    public var profile: MachineProfile
    /// The program: an ELF, or a raw Linux `Image`. On a plain machine it is what the harts start in M-mode.
    public var imagePath: String
    /// A kernel for the firmware of a plain machine to start in S-mode.
    public var kernelPath: String?
    /// On a plain machine: where the program goes if it is a raw binary, which starts at its first byte; nil for an ELF
    /// file.
    public var programAddress: UInt64?
    /// On a plain machine: where the harts start instead of where the program says.
    public var entry: UInt64?
    /// On a plain machine: files that are put into RAM as they are.
    public var binaries: [(path: String, address: UInt64)] = []
    /// Bytes of RAM, a whole number of pages.
    public var memorySize: UInt64 = 256 << 20
    /// On a plain machine: RAM beside that, in whole pages.
    public var furtherRAM: [Range<UInt64>] = []
    /// Harts, 1 to 64.
    public var hartCount = 1
    /// An initial RAM disk, named in the device tree.
    public var initrdPath: String?
    /// Boot arguments; nil for `defaultBootArguments`, and on a plain machine for none.
    public var bootArguments: String?
    /// Added behind the boot arguments, in order.
    public var appendedArguments: [String] = []
    /// The extensions that a guest is offered, or that a plain machine's harts have.
    public var isa: ISAConfiguration
    /// The widest paging mode that there is: unless set, the widest that ``isa`` was named with, or Sv48.
    public var pagingLimit: PagingLimit
    /// What the program of a plain machine takes it for; nil to tell by its mailbox: with one it is a suite's test.
    public var platform: PlainPlatform?
    /// Ends the run after this many instructions of all harts together, give or take a turn; nil for never.
    public var instructionLimit: UInt64?
    /// Whether console input can come.
    public var input = ConsoleInputSource.live
    /// Seeds what the program sees as random; nil for the host's entropy.
    public var seed: UInt64?
    /// What executes the harts' code.
    public var engine = ExecutionEngine.fastest

    /// The console that every kernel finds: the UART, and SBI until its driver is up.
    public static let defaultBootArguments = "earlycon=sbi console=ttyS0"

    /// What a guest is offered unless it is told otherwise: the profile that its compiler may have been told, and what
    /// of the next one there is.
    public static let defaultISA =
        "rva22s64_zicond_zihintntl_zimop_zabha_zacas_zawrs_zfa_zfh_zcb_zcmop_zbc_zkn_supm"
        + "_ssnpm_sstc_sv48_svadu_svnapot_svvptc"

    /// A machine with default memory and one hart.
    public init(name: String, profile: MachineProfile = .guest, imagePath: String, isa: ISAConfiguration) {
        self.name = name
        self.profile = profile
        self.imagePath = imagePath
        self.isa = isa
        pagingLimit = isa.pagingLimit ?? .sv48
    }

    /// The addresses of RAM.
    var ram: Range<UInt64> { MemoryMap.ram(size: memorySize) }

    /// What `/chosen` tells the kernel.
    var commandLine: String {
        let first: String
        switch profile {
        case .guest: first = bootArguments ?? Self.defaultBootArguments
        case .plain: first = bootArguments ?? ""
        }
        return ([first] + appendedArguments).filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Whether console input can come.
public enum ConsoleInputSource: Sendable {
    case live
    /// Nothing comes from outside: harts that wait with no timer to wake them wait for ever.
    case absent
}

/// Why a machine could not be made.
public struct MachineError: Error, CustomStringConvertible {
    /// One line for the user: what, where, why.
    public let description: String
    /// What is wrong with a file, if that is the reason.
    private(set) var loaderError: LoaderError?

    static func image(_ error: LoaderError) -> Self { Self(description: error.description, loaderError: error) }
    static func memory(_ error: HostMemoryError) -> Self { Self(description: error.description) }
    static func changed(_ path: String) -> Self {
        Self(description: LoaderError(file: path, reason: .file(.changed)).description)
    }
    static func deviceTree(_ error: DeviceTreeError, machine: String) -> Self {
        Self(description: "\(machine): \(error)")
    }
    static func frames(_ error: OutOfHostFrames, machine: String) -> Self { Self(description: "\(machine): \(error)") }
    static func lockstepInHostTime(machine: String) -> Self {
        Self(description: "\(machine): engines can be compared only on a host whose clock follows instructions")
    }
    static func noRoomToTranslate(machine: String) -> Self {
        Self(description: "\(machine): the limit on addresses (ulimit -v) leaves no room for code that is compared")
    }
    static func tooManyGuests(machine: String) -> Self {
        Self(description: "\(machine): as many guests live as there are VMIDs for; end one of them first")
    }
}

extension PagingLimit {
    /// What the device tree says of it.
    var addressTranslation: DeviceTreeConfiguration.AddressTranslation {
        switch self {
        case .sv39: .sv39
        case .sv48: .sv48
        case .sv57: .sv57
        }
    }
}
