import Platform

/// Where the device tree and the initial file system lie in a guest's RAM, and the tree itself.
///
/// Both lie where QEMU's `virt` board has them. The tree is near the top of RAM, but within the first gibibyte: early
/// page tables of a kernel reach that far. The initrd is low: a boot loader may move itself to the top of RAM.
package struct BootLayout: Equatable, Sendable {
    package let deviceTreeAddress: UInt64
    package let deviceTree: [UInt8]
    /// The tree and the room behind it.
    let deviceTreeRoom: Range<UInt64>
    /// Where to copy the initrd, or where the program brought it itself.
    package let initrd: Range<UInt64>?

    static let reach: UInt64 = 1 << 30
    /// From the kernel to the initrd, where RAM is twice as large: room for a kernel to unpack itself.
    private static let initrdDistance: UInt64 = 128 << 20
    private static let treeAlignment: UInt64 = 2 << 20

    /// Finds places, and builds the tree that states them.
    ///
    /// - Parameters:
    ///   - configuration: what the tree says apart from the initrd; its `initrd`, if any, is in the program already.
    ///   - occupied: what the program takes of RAM (`GuestImage.occupied`).
    ///   - kernel: where the kernel starts; unless given, where the program does.
    ///   - initrdSize: the size of an initrd to be placed, or 0. It takes the place of the configuration's.
    ///   - treeRoom: bytes kept free behind the tree, for firmware that adds to it in place.
    /// - Returns: the layout, within `configuration.memory`.
    /// - Throws: `DeviceTreeError` when RAM is too small or the configuration cannot be stated.
    package static func make(
        _ configuration: DeviceTreeConfiguration,
        occupied: [Range<UInt64>],
        kernel: UInt64? = nil,
        initrdSize: UInt64,
        treeRoom: UInt64 = 0
    ) throws(DeviceTreeError) -> BootLayout {
        var configuration = configuration
        // A tree has the same size wherever it and the initrd lie.
        if initrdSize > 0 { configuration.initrd = 0..<initrdSize }
        let treeSize = UInt64(try configuration.deviceTree().count) + treeRoom

        let ram = configuration.memory
        var taken = occupied
        let aligned = place(treeSize, in: ram, avoiding: taken, alignment: treeAlignment)
        guard let tree = aligned ?? place(treeSize, in: ram, avoiding: taken) else {
            throw .noRoom(for: .deviceTree, bytes: treeSize, ram: ram)
        }
        taken.append(tree)
        if initrdSize > 0 {
            let start = kernel ?? occupied.map(\.lowerBound).min() ?? ram.lowerBound
            let distance = min((ram.upperBound - ram.lowerBound) / 2, initrdDistance)
            let low = lowestPlace(initrdSize, from: start &+ distance, in: ram, avoiding: taken)
            guard let initrd = low ?? place(initrdSize, in: ram, avoiding: taken) else {
                throw .noRoom(for: .initrd, bytes: initrdSize, ram: ram)
            }
            configuration.initrd = initrd
        }
        return BootLayout(
            deviceTreeAddress: tree.lowerBound,
            deviceTree: try configuration.deviceTree(),
            deviceTreeRoom: tree,
            initrd: configuration.initrd
        )
    }

    /// The lowest free place for `size` bytes from `start` on, page-aligned.
    private static func lowestPlace(
        _ size: UInt64,
        from start: UInt64,
        in ram: Range<UInt64>,
        avoiding taken: [Range<UInt64>]
    ) -> Range<UInt64>? {
        var first = start
        for obstacle in taken.sorted(by: { $0.lowerBound < $1.lowerBound }) + [ram.upperBound..<UInt64.max]
        where !obstacle.isEmpty {
            let (end, isWrapping) = first.addingReportingOverflow(Page.offsetMask)
            guard !isWrapping else { return nil }
            first = end & ~Page.offsetMask
            if obstacle.lowerBound >= first, obstacle.lowerBound - first >= size { return first..<first + size }
            first = max(first, obstacle.upperBound)
        }
        return nil
    }

    /// The highest free place for `size` bytes, aligned: within reach or, failing that, anywhere in RAM.
    ///
    /// Never below the program: what is there belongs to firmware, by convention.
    static func place(
        _ size: UInt64,
        in ram: Range<UInt64>,
        avoiding taken: [Range<UInt64>],
        alignment: UInt64 = Page.size
    ) -> Range<UInt64>? {
        let floor = taken.map(\.lowerBound).min().map { max($0, ram.lowerBound) } ?? ram.lowerBound
        let (reachEnd, isWrapping) = ram.lowerBound.addingReportingOverflow(reach)
        let near = isWrapping ? ram.upperBound : min(ram.upperBound, reachEnd)
        return highestPlace(size, from: floor, to: near, avoiding: taken, alignment)
            ?? highestPlace(size, from: floor, to: ram.upperBound, avoiding: taken, alignment)
    }

    private static func highestPlace(
        _ size: UInt64,
        from floor: UInt64,
        to ceiling: UInt64,
        avoiding taken: [Range<UInt64>],
        _ alignment: UInt64
    ) -> Range<UInt64>? {
        var end = ceiling
        // From the top down: each range in the way moves the end below it.
        for obstacle in taken.sorted(by: { $0.upperBound > $1.upperBound }) where !obstacle.isEmpty {
            guard let candidate = aligned(size, from: floor, to: end, alignment) else { return nil }
            if obstacle.upperBound <= candidate.lowerBound { return candidate }
            end = min(end, obstacle.lowerBound)
        }
        return aligned(size, from: floor, to: end, alignment)
    }

    private static func aligned(
        _ size: UInt64,
        from floor: UInt64,
        to end: UInt64,
        _ alignment: UInt64
    ) -> Range<UInt64>? {
        guard end >= floor, size <= end - floor else { return nil }
        let start = (end - size) & ~(alignment - 1)
        return start >= floor ? start..<start + size : nil
    }
}
