import Platform

/// OpenSBI's `struct fw_dynamic_info`: what firmware that starts a kernel is told, where a2 points.
struct FirmwareInformation {
    let address: UInt64
    private let kernelEntry: UInt64

    private static let magic: UInt64 = 0x4942_534F
    private static let version: UInt64 = 2
    private static let supervisorMode: UInt64 = 1

    /// Finds a page for it beside all that `layout` has placed.
    init(
        kernelEntry: UInt64,
        in ram: Range<UInt64>,
        beside layout: BootLayout,
        occupied: [Range<UInt64>]
    ) throws(DeviceTreeError) {
        let taken = occupied + [layout.deviceTreeRoom] + (layout.initrd.map { [$0] } ?? [])
        guard let place = BootLayout.place(Page.size, in: ram, avoiding: taken) else {
            throw .noRoom(for: .deviceTree, bytes: Page.size, ram: ram)
        }
        address = place.lowerBound
        self.kernelEntry = kernelEntry
    }

    /// magic, version, next_addr, next_mode, options, boot_hart
    var bytes: [UInt8] {
        [Self.magic, Self.version, kernelEntry, Self.supervisorMode, 0, 0].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }
}
