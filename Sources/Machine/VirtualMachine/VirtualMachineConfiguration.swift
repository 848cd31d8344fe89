import Hypervisor
import Platform
import RV64Core

/// What a guest is to be: a value, checked as a whole before anything is allocated.
public struct VirtualMachineConfiguration: Sendable {
    /// The name in reports.
    public var name: String
    /// The guest's program: an ELF, or a raw Linux `Image`.
    public var imagePath: String
    /// Bytes of RAM, a whole number of pages.
    public var memorySize: UInt64 = 256 << 20
    /// Harts, 1 to 64.
    public var hartCount = 1
    /// An initial RAM disk, named in the device tree.
    public var initrdPath: String?
    /// Boot arguments; nil for `defaultBootArguments`.
    public var bootArguments: String?
    /// Added behind the boot arguments, in order.
    public var appendedArguments: [String] = []
    /// The extensions that the guest is offered.
    public var isa: ISAConfiguration
    /// The widest paging mode that the guest is offered: unless set, the widest that ``isa`` was named with, or Sv48.
    public var pagingLimit: PagingLimit
    /// Seeds what the guest sees as random; nil for the host's entropy.
    public var seed: UInt64?

    /// The console that every kernel finds: the UART, and SBI until its driver is up.
    public static let defaultBootArguments = "earlycon=sbi console=ttyS0"

    /// What a guest is offered unless it is told otherwise: the profile that its compiler may have been told, and what
    /// of the next one there is.
    public static let defaultISA =
        "rva22s64_zicond_zihintntl_zimop_zabha_zacas_zawrs_zfa_zfh_zcb_zcmop_zbc_zkn_supm"
        + "_ssnpm_sstc_sv48_svadu_svnapot_svvptc"

    /// A guest with default memory and one hart.
    public init(name: String, imagePath: String, isa: ISAConfiguration) {
        self.name = name
        self.imagePath = imagePath
        self.isa = isa
        pagingLimit = isa.pagingLimit ?? .sv48
    }

    /// What `/chosen` tells the kernel.
    var commandLine: String {
        ([bootArguments ?? Self.defaultBootArguments] + appendedArguments).filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Why a guest could not be made.
public struct VirtualMachineError: Error, CustomStringConvertible {
    /// One line for the user: what, where, why.
    public let description: String
    /// What is wrong with a file, if that is the reason.
    private(set) var loaderError: LoaderError?

    static func image(_ error: LoaderError) -> Self { Self(description: error.description, loaderError: error) }
    static func memory(_ error: HostMemoryError) -> Self { Self(description: error.description) }
    static func deviceTree(_ error: DeviceTreeError, guest: String) -> Self { Self(description: "\(guest): \(error)") }
    static func changed(_ path: String) -> Self {
        Self(description: LoaderError(file: path, reason: .file(.changed)).description)
    }
    static func frames(_ error: OutOfHostFrames, guest: String) -> Self { Self(description: "\(guest): \(error)") }
}
