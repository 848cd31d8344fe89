import Hypervisor
import Platform

/// What a plain machine finds in RAM at reset: program, kernel, initrd, device tree, and what firmware is told.
struct BareBootLayout {
    let deviceTreeAddress: UInt64
    let deviceTree: [UInt8]
    let initrd: Range<UInt64>?
    /// Where a2 points: OpenSBI's `fw_dynamic_info`, or 0 without a kernel.
    let firmwareInformation: UInt64
    private let kernelEntry: UInt64

    /// OpenSBI adds reserved memory and its own findings to the tree where it lies.
    private static let treeRoom: UInt64 = 64 << 10
    private static let informationMagic: UInt64 = 0x4942_534F
    private static let informationVersion: UInt64 = 2
    private static let supervisorMode: UInt64 = 1

    init(
        _ configuration: DeviceTreeConfiguration,
        program: GuestImage,
        kernel: GuestImage?,
        binaries: [RawBinary],
        initrdSize: UInt64
    ) throws(DeviceTreeError) {
        let occupied = (program.occupied + (kernel?.occupied ?? []) + binaries.map(\.range))
            .filter { $0.overlaps(configuration.memory) }
        let layout = try BootLayout.make(
            configuration,
            occupied: occupied,
            kernel: kernel?.lowestAddress,
            initrdSize: initrdSize,
            treeRoom: Self.treeRoom
        )
        deviceTreeAddress = layout.deviceTreeAddress
        deviceTree = layout.deviceTree
        initrd = layout.initrd
        kernelEntry = kernel?.entry ?? 0
        guard kernel != nil else {
            firmwareInformation = 0
            return
        }
        let tree = layout.deviceTreeAddress..<layout.deviceTreeAddress + UInt64(layout.deviceTree.count) + Self.treeRoom
        let taken = occupied + [tree] + (layout.initrd.map { [$0] } ?? [])
        guard let place = BootLayout.place(Page.size, in: configuration.memory, avoiding: taken) else {
            throw .noRoom(for: .deviceTree, bytes: Page.size, ram: configuration.memory)
        }
        firmwareInformation = place.lowerBound
    }

    /// Puts everything where it belongs. All places were checked to lie in RAM.
    ///
    /// - Returns: false if a file has become shorter.
    func write(
        to memory: PhysicalMemory,
        program: GuestImage,
        kernel: GuestImage?,
        binaries: [RawBinary],
        initrd file: FileContents?
    ) -> Bool {
        do throws(OutOfHostFrames) {
            guard try program.copy(into: memory), try kernel?.copy(into: memory) ?? true else { return false }
            for binary in binaries where try !binary.file.copy(to: binary.range.lowerBound, in: memory) { return false }
            if let file, let initrd, try !file.copy(to: initrd.lowerBound, in: memory) { return false }
        } catch {
            return false
        }
        _ = deviceTree.withUnsafeBytes { memory.write($0, at: deviceTreeAddress) }
        guard firmwareInformation != 0 else { return true }
        // struct fw_dynamic_info: magic, version, next_addr, next_mode, options, boot_hart.
        let words = [Self.informationMagic, Self.informationVersion, kernelEntry, Self.supervisorMode, 0, 0]
        _ = words.map(\.littleEndian).withUnsafeBytes { memory.write($0, at: firmwareInformation) }
        return true
    }
}
