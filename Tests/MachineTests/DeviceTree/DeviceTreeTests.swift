import Hypervisor
import Testing

@testable import Machine
@testable import RV64Core

@Suite struct DeviceTreeTests {
    static let ram = MemoryMap.ram(size: 256 << 20)

    static func tree(
        _ change: (inout DeviceTreeConfiguration) -> Void = { _ in }
    ) throws -> FlattenedTree {
        var configuration = DeviceTreeConfiguration(hartCount: 2, memory: ram)
        change(&configuration)
        let tree = FlattenedTree(blob: try configuration.deviceTree())
        #expect(tree.checkResult == 0)
        return tree
    }

    @Test func rootAndMemory() throws {
        let tree = try Self.tree()
        #expect(tree.cells("/", "#address-cells") == [2])
        #expect(tree.cells("/", "#size-cells") == [2])
        #expect(tree.strings("/", "compatible") == ["riscv-virtio"])
        #expect(tree.string("/memory@80000000", "device_type") == "memory")
        #expect(tree.doubles("/memory@80000000", "reg") == [0x8000_0000, 256 << 20])
    }

    @Test func memoryAboveFourGibibytes() throws {
        let tree = try Self.tree { $0.memory = MemoryMap.ram(size: 6 << 30) }
        #expect(tree.doubles("/memory@80000000", "reg") == [0x8000_0000, 6 << 30])
    }

    @Test(arguments: [1, 2, 3, 8, 128, 512]) func harts(count: Int) throws {
        let tree = try Self.tree { $0.hartCount = count }
        #expect(tree.cells("/cpus", "timebase-frequency") == [10_000_000])
        #expect(tree.children("/cpus").filter { $0.hasPrefix("cpu@") }.count == count)
        var phandles: Set<UInt32> = []
        for hart in 0..<count {
            let path = "/cpus/cpu@\(String(hart, radix: 16))"
            #expect(tree.cells(path, "reg") == [UInt32(hart)])
            #expect(tree.string(path, "device_type") == "cpu")
            #expect(tree.string(path, "status") == "okay")
            let cpu = try #require(tree.cells(path, "phandle"))
            #expect(tree.cells("/cpus/cpu-map/cluster0/core\(hart)", "cpu") == cpu)
            let controller = "\(path)/interrupt-controller"
            #expect(tree.string(controller, "compatible") == "riscv,cpu-intc")
            #expect(tree.cells(controller, "#interrupt-cells") == [1])
            #expect(tree.bytes(controller, "interrupt-controller") == [])
            phandles.formUnion(cpu)
            phandles.formUnion(try #require(tree.cells(controller, "phandle")))
        }
        phandles.formUnion(try #require(tree.cells("/soc/plic@c000000", "phandle")))
        phandles.formUnion(try #require(tree.cells("/soc/test@100000", "phandle")))
        #expect(phandles.count == 2 * count + 2)
        #expect(!phandles.contains(0))
    }

    @Test func instructionSet() throws {
        let tree = try Self.tree {
            $0.isa = .init(
                extensions: ["sstc", "c", "zicsr", "h", "d", "m", "f", "a", "zicboz", "zicbom", "svinval"],
                cacheManagementBlockSize: 64,
                cacheZeroBlockSize: 128
            )
            $0.addressTranslation = .sv57
        }
        let hart = "/cpus/cpu@1"
        #expect(tree.string(hart, "riscv,isa") == "rv64imafdch_zicsr_zicboz_zicbom_sstc_svinval")
        #expect(tree.string(hart, "riscv,isa-base") == "rv64i")
        #expect(
            tree.strings(hart, "riscv,isa-extensions")
                == ["i", "sstc", "c", "zicsr", "h", "d", "m", "f", "a", "zicboz", "zicbom", "svinval"]
        )
        #expect(tree.string(hart, "mmu-type") == "riscv,sv57")
        #expect(tree.cells(hart, "riscv,cbom-block-size") == [64])
        #expect(tree.cells(hart, "riscv,cboz-block-size") == [128])
    }

    /// What `--isa` said, and the sizes of the cache blocks that go with it.
    @Test(
        arguments: [
            ("rv64gc", "rv64imafdc_zicsr_zifencei_zmmul_zaamo_zalrsc_zca_zcd", []),
            ("rv64i_zicbom_zba", "rv64i_zicbom_zicsr_zba", ["riscv,cbom-block-size"]),
            ("rv64ih_zicboz", "rv64ih_zicboz_zicsr", ["riscv,cboz-block-size"]),
            ("rv64i_zicbop", "rv64i_zicbop_zicsr", ["riscv,cbop-block-size"]),
        ] as [(String, String, [String])]
    )
    func configuredInstructionSet(text: String, string: String, sizes: [String]) throws {
        let isa = try ISAConfiguration(parsing: text)
        let tree = try Self.tree { $0.isa = .init(isa) }
        let hart = "/cpus/cpu@0"
        #expect(tree.string(hart, "riscv,isa") == string)
        #expect(tree.string(hart, "riscv,isa-base") == "rv64i")
        #expect(tree.strings(hart, "riscv,isa-extensions") == isa.extensionNames)
        for name in ["riscv,cbom-block-size", "riscv,cboz-block-size", "riscv,cbop-block-size"] {
            #expect(tree.cells(hart, name) == (sizes.contains(name) ? [64] : nil))
        }
    }

    /// The older string fits into the buffers of those who read it, and still names all that adds instructions.
    @Test func shortStringOfEverything() throws {
        let everything = ISAConfiguration.standard.extensionNames + ["zvl\(String(repeating: "1", count: 60))b"]
        let tree = try Self.tree { $0.isa = .init(extensions: everything) }
        let string = try #require(tree.string("/cpus/cpu@0", "riscv,isa"))
        #expect(string.utf8.count < 512)
        let names = string.split(separator: "_").map(String.init)
        #expect(names.first == "rv64imafdcbh")
        for name in ["zifencei", "zbc", "zacas", "zfh", "sstc", "svadu", "smstateen"] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(!names.contains("shtvala"))
        #expect(tree.strings("/cpus/cpu@0", "riscv,isa-extensions") == everything)
    }

    @Test func noCacheBlocksUnlessTold() throws {
        let tree = try Self.tree()
        #expect(tree.bytes("/cpus/cpu@0", "riscv,cbom-block-size") == nil)
        #expect(tree.bytes("/cpus/cpu@0", "riscv,cboz-block-size") == nil)
        #expect(tree.string("/cpus/cpu@0", "mmu-type") == "riscv,sv39")
    }

    @Test func contextsOfAGuestInVSMode() throws {
        let tree = try Self.tree()
        let first = try #require(tree.cells("/cpus/cpu@0/interrupt-controller", "phandle")?.first)
        let second = try #require(tree.cells("/cpus/cpu@1/interrupt-controller", "phandle")?.first)
        #expect(tree.cells("/soc/plic@c000000", "interrupts-extended") == [first, 9, second, 9])
        #expect(tree.cells("/soc/plic@c000000", "riscv,ndev") == [95])
        #expect(tree.doubles("/soc/plic@c000000", "reg") == [0xC00_0000, 0x60_0000])
        #expect(!tree.hasNode("/soc/clint@2000000"))
    }

    @Test func contextsOfAPlainMachine() throws {
        let tree = try Self.tree { $0.interruptModes = .machineAndSupervisor }
        let first = try #require(tree.cells("/cpus/cpu@0/interrupt-controller", "phandle")?.first)
        let second = try #require(tree.cells("/cpus/cpu@1/interrupt-controller", "phandle")?.first)
        #expect(
            tree.cells("/soc/plic@c000000", "interrupts-extended")
                == [first, 11, first, 9, second, 11, second, 9]
        )
        #expect(
            tree.cells("/soc/clint@2000000", "interrupts-extended") == [first, 3, first, 7, second, 3, second, 7]
        )
        #expect(tree.doubles("/soc/clint@2000000", "reg") == [0x200_0000, 0x1_0000])
    }

    /// "OpenSBI SBI PMU extension support", and the binding of the `riscv,pmu` node.
    @Test func countersOfAPlainMachine() throws {
        let tree = try Self.tree { $0.interruptModes = .machineAndSupervisor }
        #expect(tree.string("/pmu", "compatible") == "riscv,pmu")
        let indices: [UInt32] = [1, 2, 0x1_0019, 0x1_001b, 0x1_0021]
        #expect(tree.cells("/pmu", "riscv,event-to-mhpmevent") == indices.flatMap { [$0, 0, $0] })
        let counters = try #require(tree.cells("/pmu", "riscv,event-to-mhpmcounters"))
        #expect(
            counters
                == zip(indices, [0xFFFF_FFF9, 0xFFFF_FFFC, 0xFFFF_FFF8, 0xFFFF_FFF8, 0xFFFF_FFF8] as [UInt32])
                .flatMap { [$0, $0, $1] }
        )
        let raw = try #require(tree.cells("/pmu", "riscv,raw-event-to-mhpmcounters"))
        #expect(raw == (0x100...0x104 as ClosedRange<UInt32>).flatMap { [0, $0, .max, .max, 0xFFFF_FFF8] })
        // Every selector is one that the hart takes.
        for selector in indices + [0x100, 0x101, 0x102, 0x103, 0x104] {
            #expect(HardwareEvent(selector: UInt64(selector)) != nil)
        }
    }

    @Test func noCountersForGuests() throws {
        #expect(try !Self.tree().hasNode("/pmu"))
        let tree = try Self.tree {
            $0.interruptModes = .machineAndSupervisor
            $0.isa = .init(extensions: ["m", "zicsr"])
        }
        #expect(!tree.hasNode("/pmu"))
    }

    @Test func devices() throws {
        let tree = try Self.tree()
        let plic = try #require(tree.cells("/soc/plic@c000000", "phandle"))
        #expect(tree.cells("/soc", "interrupt-parent") == plic)
        #expect(tree.string("/soc/serial@10000000", "compatible") == "ns16550a")
        #expect(tree.doubles("/soc/serial@10000000", "reg") == [0x1000_0000, 0x100])
        #expect(tree.cells("/soc/serial@10000000", "interrupts") == [10])
        #expect(tree.string("/aliases", "serial0") == "/soc/serial@10000000")
        #expect(tree.string("/soc/rtc@101000", "compatible") == "google,goldfish-rtc")
        #expect(tree.cells("/soc/rtc@101000", "interrupts") == [11])
        #expect(tree.cells("/soc/virtio_mmio@10001000", "interrupts") == [1])
        #expect(tree.cells("/soc/virtio_mmio@10002000", "interrupts") == [2])
        #expect(tree.children("/soc").filter { $0.hasPrefix("virtio") }.count == 2)
        let finisher = try #require(tree.cells("/soc/test@100000", "phandle"))
        #expect(tree.strings("/soc/test@100000", "compatible")?.contains("syscon") == true)
        #expect(tree.cells("/poweroff", "regmap") == finisher)
        #expect(tree.cells("/poweroff", "value") == [0x5555])
        #expect(tree.cells("/reboot", "regmap") == finisher)
        #expect(tree.cells("/reboot", "value") == [0x7777])
    }

    @Test func chosen() throws {
        let tree = try Self.tree {
            $0.bootArguments = "console=ttyS0 root=/dev/ram0"
            $0.initrd = 0x8800_0000..<0x8812_3456
            $0.rngSeed = Array(0..<32)
        }
        #expect(tree.string("/chosen", "bootargs") == "console=ttyS0 root=/dev/ram0")
        #expect(tree.string("/chosen", "stdout-path") == "/soc/serial@10000000")
        #expect(tree.doubles("/chosen", "linux,initrd-start") == [0x8800_0000])
        #expect(tree.doubles("/chosen", "linux,initrd-end") == [0x8812_3456])
        #expect(tree.bytes("/chosen", "rng-seed") == Array(0..<32))
    }

    @Test func theSameValuesMakeTheSameBlob() throws {
        #expect(try Self.tree().blob == Self.tree().blob)
    }

    @Test(
        arguments: [
            (0, "", "a guest cannot have 0 harts; give --harts a number from 1 to 512"),
            (513, "", "a guest cannot have 513 harts; give --harts a number from 1 to 512"),
            (1, "a\0b", "the boot arguments hold a NUL byte, where they would end; leave it out"),
            (
                1, String(repeating: "x", count: 2048),
                "the boot arguments have 2048 bytes, and the limit is 2047; shorten --append or --bootargs"
            ),
        ] as [(Int, String, String)]
    )
    func impossibleValues(harts: Int, arguments: String, message: String) throws {
        let configuration = DeviceTreeConfiguration(
            hartCount: harts,
            memory: Self.ram,
            bootArguments: arguments
        )
        let error = #expect(throws: DeviceTreeError.self) { try configuration.deviceTree() }
        #expect(error?.description == message)
    }

    @Test(arguments: ["", "Zicsr", "zicsr_zba", "m,a", "zé"]) func badExtensionNames(name: String) throws {
        let configuration = DeviceTreeConfiguration(
            hartCount: 1,
            memory: Self.ram,
            isa: .init(extensions: ["m", name])
        )
        #expect(throws: DeviceTreeError.badExtensionName(name)) { try configuration.deviceTree() }
    }

    @Test func noMemory() throws {
        let configuration = DeviceTreeConfiguration(hartCount: 1, memory: 0x8000_0000..<0x8000_0000)
        #expect(throws: DeviceTreeError.noMemory) { try configuration.deviceTree() }
    }
}
