extension DeviceTreeConfiguration {
    /// Linux maps no more than this while it reads the tree.
    package static let treeSizeLimit = 2 << 20

    /// Builds the flattened device tree.
    ///
    /// - Returns: the blob, version 17.
    /// - Throws: `DeviceTreeError` for values that no tree can state.
    package func deviceTree() throws(DeviceTreeError) -> [UInt8] {
        try validate()
        var capacity = 16 << 10
        while capacity <= Self.treeSizeLimit {
            do throws(FlattenedTreeWriter.Failure) {
                let writer = try FlattenedTreeWriter(capacity: capacity)
                try writer.node("") { () throws(FlattenedTreeWriter.Failure) in
                    try writeRoot(writer)
                }
                return try writer.finish()
            } catch {
                switch error {
                case .noSpace: capacity *= 2
                case .refused(let operation, let message): throw .libfdt(operation: operation, message: message)
                }
            }
        }
        throw .tooLarge(limit: Self.treeSizeLimit)
    }

    typealias Failure = FlattenedTreeWriter.Failure

    /// Phandles, known before their nodes are written because nodes refer forward too.
    private func interruptController(ofHart hart: Int) -> UInt32 { 1 + UInt32(hart) }
    private func cpu(_ hart: Int) -> UInt32 { 1 + UInt32(hartCount + hart) }
    var plic: UInt32 { 1 + UInt32(2 * hartCount) }
    var syscon: UInt32 { plic + 1 }

    private func writeRoot(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writer.property("#address-cells", 2)
        try writer.property("#size-cells", 2)
        try writer.property("compatible", strings: compatible)
        try writer.property("model", model)
        try writer.node("aliases") { () throws(Failure) in try writer.property("serial0", Self.uartPath) }
        try writer.node("chosen") { () throws(Failure) in try writeChosen(writer) }
        for block in [memory] + furtherMemory {
            try writer.node(Self.name("memory", block.lowerBound)) { () throws(Failure) in
                try writer.property("device_type", "memory")
                try writer.property("reg", doubles: block.lowerBound, block.upperBound - block.lowerBound)
            }
        }
        try writer.node("cpus") { () throws(Failure) in try writeHarts(writer) }
        // Firmware's business: what runs above it asks SBI.
        if interruptModes == .machineAndSupervisor, isa.extensions.contains("zihpm") { try writeCounters(writer) }
        for row in SystemControlRow.all { try writeSystemControl(row, writer) }
        try writer.node("soc") { () throws(Failure) in try writeDevices(writer) }
    }

    private func writeChosen(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        if !bootArguments.isEmpty { try writer.property("bootargs", bootArguments) }
        try writer.property("stdout-path", Self.uartPath)
        if let initrd {
            try writer.property("linux,initrd-start", doubles: initrd.lowerBound)
            try writer.property("linux,initrd-end", doubles: initrd.upperBound)
        }
        if !rngSeed.isEmpty { try writer.property("rng-seed", bytes: rngSeed) }
    }

    private func writeHarts(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writer.property("#address-cells", 1)
        try writer.property("#size-cells", 0)
        try writer.property("timebase-frequency", timebaseFrequency)
        for hart in 0..<hartCount {
            try writer.node(Self.name("cpu", UInt64(hart))) { () throws(Failure) in try writeHart(hart, writer) }
        }
        try writer.node("cpu-map") { () throws(Failure) in
            try writer.node("cluster0") { () throws(Failure) in
                for hart in 0..<hartCount {
                    try writer.node("core\(hart)") { () throws(Failure) in try writer.property("cpu", cpu(hart)) }
                }
            }
        }
    }

    private func writeHart(_ hart: Int, _ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writer.property("device_type", "cpu")
        try writer.property("reg", UInt32(hart))
        try writer.property("status", "okay")
        try writer.property("compatible", "riscv")
        try writer.property("riscv,isa", isa.string)
        try writer.property("riscv,isa-base", isa.base)
        try writer.property("riscv,isa-extensions", strings: isa.extensionList)
        if let size = isa.cacheManagementBlockSize { try writer.property("riscv,cbom-block-size", size) }
        if let size = isa.cacheZeroBlockSize { try writer.property("riscv,cboz-block-size", size) }
        if let size = isa.cachePrefetchBlockSize { try writer.property("riscv,cbop-block-size", size) }
        try writer.property("mmu-type", addressTranslation.rawValue)
        try writer.property("phandle", cpu(hart))
        try writer.node("interrupt-controller") { () throws(Failure) in
            try writer.property("#interrupt-cells", 1)
            try writer.property("#address-cells", 0)
            try writer.property("interrupt-controller")
            try writer.property("compatible", "riscv,cpu-intc")
            try writer.property("phandle", interruptController(ofHart: hart))
        }
    }

    private func writeSystemControl(
        _ row: SystemControlRow,
        _ writer: borrowing FlattenedTreeWriter
    ) throws(Failure) {
        try writer.node(row.node) { () throws(Failure) in
            try writer.property("compatible", "syscon-\(row.node)")
            try writer.property("regmap", syscon)
            try writer.property("offset", row.offset)
            try writer.property("value", row.value)
        }
    }

    private static func name(_ node: String, _ address: UInt64) -> String {
        "\(node)@\(String(address, radix: 16))"
    }

    private static let uartPath = "/soc/\(DeviceRow.uart.nodeName)"
}

// MARK: - Devices

extension DeviceTreeConfiguration {
    /// Interrupt numbers at a hart's own controller: the cause codes of `mcause` and `scause`.
    enum LocalInterrupt: UInt32 {
        case machineSoftware = 3
        case machineTimer = 7
        case supervisorExternal = 9
        case machineExternal = 11
    }

    private func writeDevices(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writer.property("#address-cells", 2)
        try writer.property("#size-cells", 2)
        try writer.property("compatible", "simple-bus")
        try writer.property("interrupt-parent", plic)
        try writer.property("ranges")
        for row in DeviceRow.rows(for: interruptModes) {
            try writer.node(row.nodeName) { () throws(Failure) in
                try writer.property("compatible", strings: row.compatible)
                try writer.property("reg", doubles: row.place.base, row.place.size)
                if let interrupt = row.place.interrupt { try writer.property("interrupts", interrupt) }
                try row.properties(self, writer)
            }
        }
    }

    /// `interrupts-extended`: the same interrupts at every hart, hart by hart.
    func writeLocalInterrupts(
        _ interrupts: [LocalInterrupt],
        _ writer: borrowing FlattenedTreeWriter
    ) throws(Failure) {
        let cells = (0..<hartCount).flatMap { hart in
            interrupts.flatMap { [interruptController(ofHart: hart), $0.rawValue] }
        }
        try writer.property("interrupts-extended", cells: cells)
    }
}

extension DeviceTreeConfiguration.InterruptModes {
    /// The order of the entries numbers the contexts.
    var plicContexts: [DeviceTreeConfiguration.LocalInterrupt] {
        switch self {
        case .supervisor: [.supervisorExternal]
        case .machineAndSupervisor: [.machineExternal, .supervisorExternal]
        }
    }
}
