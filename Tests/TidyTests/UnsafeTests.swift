import Testing

/// The only files that may touch memory without the compiler's checks. The list may only get shorter.
///
/// This stands in for strict memory safety: see docs/decisions/0007-unsafe-files.md.
@Suite struct UnsafeTests {
    private static let allowed: Set<String> = [
        "Sources/Machine/Profile/HostTargetInterface.swift",
        "Sources/Devices/Console.swift",
        "Sources/Devices/RandomSource.swift",
        "Sources/Devices/Virtio/Console/VirtioConsole.swift",
        "Sources/Devices/Virtio/DescriptorChain.swift",
        "Sources/Machine/Conformance/LastOutput.swift",
        "Sources/Machine/Conformance/TestDiscovery.swift",
        "Sources/Machine/DeviceTree/FlattenedTreeWriter.swift",
        "Sources/Machine/Console/ConsoleCallback.swift",
        "Sources/Machine/Loader/ELFSymbols.swift",
        "Sources/Machine/Loader/FileContents.swift",
        "Sources/Machine/Loader/GuestImage.swift",
        "Sources/Hypervisor/Memory/GuestAddressSpace.swift",
        "Sources/Hypervisor/VirtualCPU/MMIOOperation.swift",
        "Sources/Hypervisor/VirtualCPU/VirtualCPU.swift",
        "Sources/Hypervisor/VirtualCPU/VirtualCPU+SBI.swift",
        "Sources/Machine/Life/Machine.swift",
        "Sources/Machine/Console/MachineConsole.swift",
        "Sources/Machine/Board/MeteredMemory.swift",
        "Sources/Platform/CodeWatch.swift",
        "Sources/Platform/GuestMemoryAccess.swift",
        "Sources/Platform/Host/FairLock.swift",
        "Sources/Platform/Host/HostThread.swift",
        "Sources/Platform/Host/Lock.swift",
        "Sources/Platform/Host/ParkingSpot.swift",
        "Sources/Platform/Host/SoleTurn.swift",
        "Sources/Platform/Host/ThreadSanitizer.swift",
        "Sources/Platform/PhysicalMemory.swift",
        "Sources/Platform/State/Checksum.swift",
        "Sources/Platform/State/StatePages.swift",
        "Sources/Platform/State/StateReader.swift",
        "Sources/Platform/State/StateWriter.swift",
        "Sources/RV64Core/Execution/Block.swift",
        "Sources/RV64Core/Execution/BlockBuilder.swift",
        "Sources/RV64Core/Execution/BlockCache.swift",
        "Sources/RV64Core/Execution/Interpreter/Interpreter.swift",
        "Sources/RV64Core/Execution/Lockstep/LockstepEngine.swift",
        "Sources/RV64Core/Execution/Lockstep/StoreJournal.swift",
        "Sources/RV64Core/Execution/NativeState.swift",
        "Sources/RV64Core/FloatingPoint/FloatingPointUnit.swift",
        "Sources/RV64Core/Hart/Hart.swift",
        "Sources/RV64Core/Hart/HartArea.swift",
        "Sources/RV64Core/Hart/HostedSoftware.swift",
        "Sources/RV64Core/ISA/BitPattern.swift",
        "Sources/RV64Core/Memory/Hart+LoadStore.swift",
        "Sources/RV64Core/Memory/StoreGrants.swift",
        "Sources/RV64Core/Memory/PageWalker.swift",
        "Sources/RV64Core/Memory/SecondLevelTLB.swift",
        "Sources/RV64Core/Memory/TLB.swift",
        "Sources/RV64Core/Memory/TwoStageTranslation.swift",
        "Sources/RV64Core/Semantics/Atomics+CompareAndSwap.swift",
        "Sources/RV64Core/Semantics/Atomics+Granule.swift",
        "Sources/RV64Core/Semantics/Atomics.swift",
        "Sources/RV64Core/Semantics/ScalarExtensions.swift",
        "Sources/RV64JIT/Engine/CodeRevision.swift",
        "Sources/RV64JIT/Engine/JumpCache.swift",
        "Sources/RV64JIT/Engine/NativeCalls.swift",
        "Sources/RV64JIT/Engine/NativeEngine.swift",
        "Sources/RV64JIT/Engine/NativeMemory.swift",
        "Sources/RV64JIT/Engine/Thunks.swift",
        "Sources/RV64JIT/Host/Assembler.swift",
        "Sources/RV64JIT/Host/CodeMemory.swift",
        "Sources/RV64JIT/Host/HostFeatures.swift",
        "Sources/RV64JIT/Translation/BlockPlan.swift",
        "Sources/RV64JIT/Translation/BlockTranslator+Loops.swift",
        "Sources/RV64JIT/Translation/BlockTranslator.swift",
        "Sources/RV64JIT/Translation/Emitter.swift",
        "Sources/RV64JIT/Translation/BlockPlan.swift",
        "Sources/RV64JIT/Translation/BlockTranslator+Loops.swift",
        "Sources/RV64JIT/Translation/BlockTranslator.swift",
        "Sources/rvhv/Terminal/GuestConsole.swift",
        "Sources/rvhv/Terminal/HostSignals.swift",
        "Sources/rvhv/Terminal/OutputSink.swift",
        "Sources/rvhv/Terminal/RawMode.swift",
    ]

    @Test(arguments: SourceTree.sources)
    func isListed(_ file: SourceTree.File) {
        let words = ["Unsafe", "unsafe", "Unmanaged", "OpaquePointer"]
        let isUnsafe = file.code.contains { line in words.contains { line.contains($0) } }
        if isUnsafe {
            #expect(Self.allowed.contains(file.path), "\(file.path) uses unsafe pointers")
        } else {
            #expect(!Self.allowed.contains(file.path), "\(file.path) is safe now: take it off the list")
        }
    }

    @Test func listNamesFiles() {
        for path in Self.allowed { #expect(SourceTree.exists(path), "\(path)") }
    }
}
