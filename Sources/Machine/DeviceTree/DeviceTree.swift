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

    private typealias Failure = FlattenedTreeWriter.Failure

    /// Phandles, known before their nodes are written because nodes refer forward too.
    private func interruptController(ofHart hart: Int) -> UInt32 { 1 + UInt32(hart) }
    private func cpu(_ hart: Int) -> UInt32 { 1 + UInt32(hartCount + hart) }
    private var plic: UInt32 { 1 + UInt32(2 * hartCount) }
    private var syscon: UInt32 { plic + 1 }

    private func writeRoot(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writer.property("#address-cells", 2)
        try writer.property("#size-cells", 2)
        try writer.property("compatible", strings: compatible)
        try writer.property("model", model)
        if devices.contains(.uart) {
            try writer.node("aliases") { () throws(Failure) in try writer.property("serial0", Self.uartPath) }
        }
        try writer.node("chosen") { () throws(Failure) in try writeChosen(writer) }
        try writer.node(Self.name("memory", memory.lowerBound)) { () throws(Failure) in
            try writer.property("device_type", "memory")
            try writer.property("reg", doubles: memory.lowerBound, memory.upperBound - memory.lowerBound)
        }
        try writer.node("cpus") { () throws(Failure) in try writeHarts(writer) }
        // Firmware's business: what runs above it asks SBI.
        if interruptModes == .machineAndSupervisor, isa.extensions.contains("zihpm") { try writeCounters(writer) }
        if devices.contains(.finisher) {
            try writePowerSwitch("poweroff", value: 0x5555, writer)
            try writePowerSwitch("reboot", value: 0x7777, writer)
        }
        try writer.node("soc") { () throws(Failure) in try writeDevices(writer) }
    }

    private func writeChosen(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        if !bootArguments.isEmpty { try writer.property("bootargs", bootArguments) }
        if devices.contains(.uart) { try writer.property("stdout-path", Self.uartPath) }
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

    /// A store of `value` to the finisher, by the generic `syscon` drivers.
    private func writePowerSwitch(
        _ name: String,
        value: UInt32,
        _ writer: borrowing FlattenedTreeWriter
    ) throws(Failure) {
        try writer.node(name) { () throws(Failure) in
            try writer.property("compatible", "syscon-\(name)")
            try writer.property("regmap", syscon)
            try writer.property("offset", 0)
            try writer.property("value", value)
        }
    }

    private static func name(_ node: String, _ address: UInt64) -> String {
        "\(node)@\(String(address, radix: 16))"
    }

    private static let uartPath = "/soc/\(name("serial", MemoryMap.uart.base))"
}

// MARK: - Devices

extension DeviceTreeConfiguration {
    /// Interrupt numbers at a hart's own controller: the cause codes of `mcause` and `scause`.
    private enum LocalInterrupt {
        static let machineSoftware: UInt32 = 3
        static let machineTimer: UInt32 = 7
        static let supervisorExternal: UInt32 = 9
        static let machineExternal: UInt32 = 11
    }

    /// In ascending order of addresses: Linux numbers devices as it meets them.
    private func writeDevices(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writer.property("#address-cells", 2)
        try writer.property("#size-cells", 2)
        try writer.property("compatible", "simple-bus")
        try writer.property("interrupt-parent", plic)
        try writer.property("ranges")
        if devices.contains(.finisher) {
            try writeDevice("test", MemoryMap.finisher, ["sifive,test1", "sifive,test0", "syscon"], writer) {
                () throws(Failure) in try writer.property("phandle", syscon)
            }
        }
        if devices.contains(.rtc) {
            try writeDevice("rtc", MemoryMap.rtc, ["google,goldfish-rtc"], writer)
        }
        if interruptModes == .machineAndSupervisor { try writeCLINT(writer) }
        try writePLIC(writer)
        if devices.contains(.uart) {
            try writeDevice("serial", MemoryMap.uart, ["ns16550a"], writer) { () throws(Failure) in
                try writer.property("clock-frequency", MemoryMap.uartClockFrequency)
            }
        }
        for slot in Set(virtioSlots).sorted() {
            try writeDevice("virtio_mmio", MemoryMap.virtio(slot), ["virtio,mmio"], writer)
        }
    }

    private func writeDevice(
        _ node: String,
        _ device: MemoryMap.Device,
        _ compatible: [String],
        _ writer: borrowing FlattenedTreeWriter,
        _ more: () throws(Failure) -> Void = {}
    ) throws(Failure) {
        try writer.node(Self.name(node, device.base)) { () throws(Failure) in
            try writer.property("compatible", strings: compatible)
            try writer.property("reg", doubles: device.base, device.size)
            if let interrupt = device.interrupt { try writer.property("interrupts", interrupt) }
            try more()
        }
    }

    private func writeCLINT(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writeDevice("clint", MemoryMap.clint, ["sifive,clint0", "riscv,clint0"], writer) { () throws(Failure) in
            try writeLocalInterrupts([LocalInterrupt.machineSoftware, LocalInterrupt.machineTimer], writer)
        }
    }

    private func writePLIC(_ writer: borrowing FlattenedTreeWriter) throws(Failure) {
        try writeDevice("plic", MemoryMap.plic, ["sifive,plic-1.0.0", "riscv,plic0"], writer) { () throws(Failure) in
            try writer.property("#address-cells", 0)
            try writer.property("#interrupt-cells", 1)
            try writer.property("interrupt-controller")
            try writer.property("riscv,ndev", MemoryMap.plicSourceCount)
            // The order of the entries numbers the contexts.
            switch interruptModes {
            case .supervisor:
                try writeLocalInterrupts([LocalInterrupt.supervisorExternal], writer)
            case .machineAndSupervisor:
                try writeLocalInterrupts(
                    [LocalInterrupt.machineExternal, LocalInterrupt.supervisorExternal],
                    writer
                )
            }
            try writer.property("phandle", plic)
        }
    }

    /// `interrupts-extended`: the same interrupts at every hart, hart by hart.
    private func writeLocalInterrupts(
        _ interrupts: [UInt32],
        _ writer: borrowing FlattenedTreeWriter
    ) throws(Failure) {
        let cells = (0..<hartCount).flatMap { hart in
            interrupts.flatMap { [interruptController(ofHart: hart), $0] }
        }
        try writer.property("interrupts-extended", cells: cells)
    }
}
