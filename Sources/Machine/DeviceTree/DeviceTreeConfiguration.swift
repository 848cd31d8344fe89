import Platform
import RV64Core

/// What a machine's device tree says: plain values, from which `deviceTree()` makes the blob.
package struct DeviceTreeConfiguration: Equatable, Sendable {
    /// The widest address translation that S-mode may use.
    package enum AddressTranslation: String, Equatable, Sendable {
        case bare = "riscv,none"
        case sv39 = "riscv,sv39"
        case sv48 = "riscv,sv48"
        case sv57 = "riscv,sv57"
    }

    /// The modes in which a hart's own software takes interrupts.
    package enum InterruptModes: Equatable, Sendable {
        /// A guest in VS-mode: one PLIC context per hart, no CLINT.
        case supervisor
        /// A machine whose firmware runs in M-mode: PLIC contexts `2 * hart` (M) and `2 * hart + 1` (S), and a CLINT.
        case machineAndSupervisor
    }

    /// The instruction set as the guest is told it.
    package struct ISA: Equatable, Sendable {
        /// `riscv,isa-base`.
        package var base: String
        /// `riscv,isa-extensions` after the base's own `i`: lower case, such as `m`, `c`, `zicsr`, `sstc`.
        package var extensions: [String]
        /// `riscv,cbom-block-size`, with Zicbom.
        package var cacheManagementBlockSize: UInt32?
        /// `riscv,cboz-block-size`, with Zicboz.
        package var cacheZeroBlockSize: UInt32?
        /// `riscv,cbop-block-size`, with Zicbop.
        package var cachePrefetchBlockSize: UInt32?

        package init(
            base: String = "rv64i",
            extensions: [String] = ["m", "a", "f", "d", "c", "zicntr", "zicsr", "zifencei", "zihpm"],
            cacheManagementBlockSize: UInt32? = nil,
            cacheZeroBlockSize: UInt32? = nil
        ) {
            self.base = base
            self.extensions = extensions
            self.cacheManagementBlockSize = cacheManagementBlockSize
            self.cacheZeroBlockSize = cacheZeroBlockSize
        }

        /// What a hart of that configuration has. Without the sizes of their blocks kernels use no cache-block
        /// instructions.
        package init(_ isa: ISAConfiguration) {
            self.init(extensions: isa.extensionNames)
            let size = UInt32(Hart.cacheBlockSize)
            if isa.extensions.contains(.zicbom) { cacheManagementBlockSize = size }
            if isa.extensions.contains(.zicboz) { cacheZeroBlockSize = size }
            if isa.extensions.contains(.zicbop) { cachePrefetchBlockSize = size }
        }

        /// The older `riscv,isa`: single letters in the manual's order, then the others by class (Z, S, X).
        ///
        /// Software that reads this one copies it to a buffer and gives up when it does not fit (U-Boot). A long string
        /// goes without what such software cannot use; `riscv,isa-extensions` has everything.
        package var string: String {
            let complete = string(of: extensions)
            guard complete.utf8.count > Self.stringLimit else { return complete }
            let useful = extensions.filter { ISAExtension(name: $0)?.isBehaviour != true }
            let shorter = string(of: useful)
            guard shorter.utf8.count > Self.stringLimit else { return shorter }
            let implied = useful.compactMap { ISAExtension(name: $0)?.implied }
                .reduce(into: ExtensionSet()) { $0.formUnion($1) }
            return string(
                of: useful.filter { $0.count == 1 || ISAExtension(name: $0).map(implied.contains) != true }
            )
        }

        /// U-Boot's buffer has 512 bytes.
        private static let stringLimit = 511

        private func string(of extensions: [String]) -> String {
            let letters = "iemafdqlcbkjtpvnh"
            let single = letters.filter { letter in extensions.contains(String(letter)) && letter != "i" }
            let multiple = ["z", "s", "x"].flatMap { prefix in
                extensions.filter { $0.count > 1 && $0.hasPrefix(prefix) }
            }
            return ([base + single] + multiple).joined(separator: "_")
        }

        /// Every extension, the base's `i` first.
        var extensionList: [String] { ["i"] + extensions.filter { $0 != "i" } }
    }

    package var model = "rvhv,virt"
    /// What software made for QEMU's board looks for.
    package var compatible = ["riscv-virtio"]
    package var hartCount: Int
    package var memory: Range<UInt64>
    /// RAM beside `memory`, where nothing of ours is placed.
    package var furtherMemory: [Range<UInt64>] = []
    package var isa: ISA
    package var addressTranslation: AddressTranslation
    package var interruptModes: InterruptModes
    package var timebaseFrequency = UInt32(Timebase.frequency)
    package var bootArguments: String
    package var initrd: Range<UInt64>?
    /// Entropy for a kernel that has nothing else yet; none if empty.
    package var rngSeed: [UInt8]

    package init(
        hartCount: Int,
        memory: Range<UInt64>,
        isa: ISA = ISA(),
        addressTranslation: AddressTranslation = .sv39,
        interruptModes: InterruptModes = .supervisor,
        bootArguments: String = "",
        initrd: Range<UInt64>? = nil,
        rngSeed: [UInt8] = []
    ) {
        self.hartCount = hartCount
        self.memory = memory
        self.isa = isa
        self.addressTranslation = addressTranslation
        self.interruptModes = interruptModes
        self.bootArguments = bootArguments
        self.initrd = initrd
        self.rngSeed = rngSeed
    }

    /// More harts than the PLIC's region has contexts for, two per hart.
    package static let hartLimit = 512
    /// Linux takes no longer command line, and cuts a longer one off without a word.
    package static let bootArgumentsLimit = 2047

    /// Checks what came from the user, so that what is built from it is right.
    func validate() throws(DeviceTreeError) {
        guard (1...Self.hartLimit).contains(hartCount) else {
            throw .hartCountOutOfRange(hartCount, limit: Self.hartLimit)
        }
        guard !memory.isEmpty else { throw .noMemory }
        guard !bootArguments.utf8.contains(0) else { throw .bootArgumentsHoldNUL }
        guard bootArguments.utf8.count <= Self.bootArgumentsLimit else {
            throw .bootArgumentsTooLong(bytes: bootArguments.utf8.count, limit: Self.bootArgumentsLimit)
        }
        for name in [isa.base] + isa.extensions where !Self.isExtensionName(name) {
            throw .badExtensionName(name)
        }
    }

    private static func isExtensionName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}

/// Why no device tree could be made, or no place found for it.
package enum DeviceTreeError: Error, Equatable, CustomStringConvertible {
    case hartCountOutOfRange(Int, limit: Int)
    case noMemory
    case bootArgumentsHoldNUL
    case bootArgumentsTooLong(bytes: Int, limit: Int)
    case badExtensionName(String)
    /// libfdt refused, although nothing it was given can be refused by its documentation.
    case libfdt(operation: String, message: String)
    case tooLarge(limit: Int)
    case noRoom(for: BootItem, bytes: UInt64, ram: Range<UInt64>)

    /// What is placed beside the guest's program.
    package enum BootItem: String, Equatable, Sendable {
        case deviceTree = "device tree"
        case initrd = "initrd"
    }

    package var description: String {
        switch self {
        case .hartCountOutOfRange(let count, let limit):
            "a guest cannot have \(count) harts; give --harts a number from 1 to \(limit)"
        case .noMemory:
            "a guest cannot have no memory; give it more with --memory"
        case .bootArgumentsHoldNUL:
            "the boot arguments hold a NUL byte, where they would end; leave it out"
        case .bootArgumentsTooLong(let bytes, let limit):
            "the boot arguments have \(bytes) bytes, and the limit is \(limit); shorten --append or --bootargs"
        case .badExtensionName(let name):
            "'\(name)' is not the name of an ISA extension; correct --isa"
        case .libfdt(let operation, let message):
            "the device tree could not be built: \(operation): \(message)"
        case .tooLarge(let limit):
            "the device tree would be larger than \(limit >> 10) KiB; shorten the boot arguments"
        case .noRoom(let item, let bytes, let ram):
            "no room for the \(item.rawValue) of \(bytes) bytes beside the program in \(ramSize(ram)) of RAM; "
                + "give the guest more with --memory"
        }
    }

    private func ramSize(_ ram: Range<UInt64>) -> String {
        let bytes = ram.upperBound - ram.lowerBound
        return bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
    }
}
