import Platform
import RV64Core

/// What a guest is to be: a value, checked as a whole before anything is allocated.
package struct VirtualMachineConfiguration: Sendable {
    package var name: String
    /// The guest's program: an ELF, or a raw Linux `Image`.
    package var imagePath: String
    /// Bytes of RAM, a whole number of pages.
    package var memorySize: UInt64 = 256 << 20
    package var hartCount = 1
    package var initrdPath: String?
    /// Boot arguments; nil for `defaultBootArguments`.
    package var bootArguments: String?
    /// Added behind the boot arguments, in order.
    package var appendedArguments: [String] = []
    /// The extensions that the guest is offered.
    package var isa: ISAConfiguration
    /// The widest paging mode that the guest is offered.
    package var pagingLimit: PagingLimit = .sv39
    /// Seeds what the guest sees as random; nil for the host's entropy.
    package var seed: UInt64?

    /// The console that every kernel finds: the UART, and SBI until its driver is up.
    package static let defaultBootArguments = "earlycon=sbi console=ttyS0"

    /// What a guest is offered unless it is told otherwise.
    package static let defaultISA =
        "rv64imafdc_zicsr_zifencei_zicntr_zihpm_sstc_svade_svadu_svinval_svnapot_svpbmt"

    package init(name: String, imagePath: String, isa: ISAConfiguration) {
        self.name = name
        self.imagePath = imagePath
        self.isa = isa
    }

    /// What `/chosen` tells the kernel.
    var commandLine: String {
        ([bootArguments ?? Self.defaultBootArguments] + appendedArguments).filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Why a guest could not be made. One line for the user.
package enum VirtualMachineError: Error, CustomStringConvertible {
    case image(LoaderError)
    case deviceTree(DeviceTreeError, guest: String)
    case memory(HostMemoryError)
    case frames(OutOfHostFrames, guest: String)
    case thread(HostThreadError, guest: String)

    package var description: String {
        switch self {
        case .image(let error): error.description
        case .deviceTree(let error, let guest): "\(guest): \(error)"
        case .memory(let error): error.description
        case .frames(let error, let guest): "\(guest): \(error)"
        case .thread(let error, let guest): "\(guest): \(error)"
        }
    }
}

/// How a guest ended.
package enum StopReason: Equatable, Sendable {
    /// It shut itself down.
    case shutDown
    /// It reported a failure of its own, with a code for the process's exit status.
    case guestFailure(code: Int)
    /// It asked to start again.
    case reset
    /// It cannot go on: what it did, in one line.
    case failed(String)
    /// The host asked for it.
    case requested

    init(_ reset: SBIReset) {
        switch (reset.kind, reset.reason) {
        case (.shutdown, .none): self = .shutDown
        case (.shutdown, .systemFailure): self = .guestFailure(code: 1)
        case (.coldReboot, _), (.warmReboot, _): self = .reset
        }
    }
}
