import Hypervisor
import Platform

/// The RAM of a plain machine: the block that every machine has, and what the command line and the program add.
struct PlainMemory {
    /// The first block is the board's own.
    let ram: [Range<UInt64>]

    /// Checks the blocks against the devices and each other.
    ///
    /// - Throws: `MachineError` with a line that names the two that overlap.
    init(size: UInt64, further: [Range<UInt64>]) throws(MachineError) {
        ram = [MemoryMap.ram(size: size)] + further
        for (index, block) in ram.enumerated() {
            try Self.check(block, "RAM at \(Self.text(block))", against: Array(ram[..<index]))
        }
    }

    /// Makes it, with the pages outside RAM that a program needs for its mailbox.
    func make(
        mailboxes: [Range<UInt64>],
        of path: String,
        harts: Int
    ) throws(MachineError) -> PhysicalMemory {
        for mailbox in mailboxes {
            try Self.check(mailbox, "the mailbox of \(path) at \(Self.text(mailbox))", against: ram)
        }
        do throws(HostMemoryError) {
            let memory = try PhysicalMemory(base: ram[0].lowerBound, size: ram[0].upperBound - ram[0].lowerBound)
            for block in ram.dropFirst() + mailboxes {
                try memory.add(base: block.lowerBound, size: block.upperBound - block.lowerBound)
            }
            try HostMemoryLimits().requireAddresses(forHarts: harts)
            return memory
        } catch {
            throw .memory(error)
        }
    }

    private static func check(
        _ block: Range<UInt64>,
        _ name: String,
        against others: [Range<UInt64>]
    ) throws(MachineError) {
        if let device = MemoryMap.allDevices.first(where: { $0.range.overlaps(block) }) {
            throw MachineError(description: "\(name) overlaps the device at \(text(device.range))")
        }
        if let other = others.first(where: { $0.overlaps(block) }) {
            throw MachineError(description: "\(name) overlaps the RAM at \(text(other))")
        }
    }

    static func text(_ range: Range<UInt64>) -> String { "[\(hex(range.lowerBound)), \(hex(range.upperBound)))" }
}

/// What a plain machine runs: the program that its harts start, and what lies beside it.
struct PlainPrograms {
    let image: GuestImage
    let kernel: GuestImage?
    let binaries: [RawBinary]

    init(_ configuration: MachineConfiguration, memory: PlainMemory) throws(MachineError) {
        let ram = memory.ram[0]
        var places = GuestImage.FurtherPlaces(ram: Array(memory.ram.dropFirst()), outsideMemory: .tolerated)
        do throws(LoaderError) {
            kernel = try configuration.kernelPath.map { [places] path throws(LoaderError) in
                try GuestImage.load(path: path, ram: ram, further: places)
            }
            places.entry = configuration.entry
            if let address = configuration.programAddress {
                image = try RawBinary(path: configuration.imagePath, at: address, in: memory.ram)
                    .image(entry: configuration.entry)
            } else {
                let path = configuration.imagePath
                image = try GuestImage.load(path: path, ram: ram, rebaseOffset: 0, further: places)
            }
            var binaries: [RawBinary] = []
            for binary in configuration.binaries {
                binaries.append(try RawBinary(path: binary.path, at: binary.address, in: memory.ram))
            }
            self.binaries = binaries
        } catch {
            throw .image(error)
        }
        try Self.check(configuration, image, kernel, binaries)
        if let entry = configuration.entry {
            guard entry % 2 == 0, memory.ram.contains(where: { $0.contains(entry) }) else {
                throw MachineError(
                    description: "the entry point \(hex(entry)) is not an even address in RAM; correct --entry"
                )
            }
        }
    }

    /// Binaries share memory with nobody.
    private static func check(
        _ configuration: MachineConfiguration,
        _ image: GuestImage,
        _ kernel: GuestImage?,
        _ binaries: [RawBinary]
    ) throws(MachineError) {
        var taken = image.occupied.map { (configuration.imagePath, $0) }
        taken += (kernel?.occupied ?? []).map { (configuration.kernelPath ?? "", $0) }
        for (binary, asked) in zip(binaries, configuration.binaries) {
            if let (path, range) = taken.first(where: { $0.1.overlaps(binary.range) }) {
                let places = "\(PlainMemory.text(binary.range)) overlaps \(path) at \(PlainMemory.text(range))"
                throw MachineError(description: "\(asked.path) at \(places); load it elsewhere")
            }
            taken.append((asked.path, binary.range))
        }
    }
}
