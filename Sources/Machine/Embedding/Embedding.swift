import Hypervisor
import Platform

// What a program that embeds guests calls, beside `VirtualMachine.run`: see Examples/Embedding.

extension VirtualizationHost {
    /// Guests may be made at any time; memory is taken as they touch it.
    ///
    /// - Throws: `VirtualMachineError` when the host gives not even addresses.
    public convenience init() throws(VirtualMachineError) { try self.init(clock: .host) }

    /// Makes a guest in an address space of its own, loaded and ready to run.
    ///
    /// - Parameters:
    ///   - configuration: What the guest is to be.
    ///   - onConsoleOutput: Takes what the guest writes to its console, on the thread of the hart that wrote; the guest
    ///     waits until it returns.
    /// - Returns: The guest; `run` runs it until it ends.
    /// - Throws: `VirtualMachineError`: a file that cannot be loaded, or a guest that does not fit.
    public func makeMachine(
        _ configuration: VirtualMachineConfiguration,
        onConsoleOutput: @escaping @Sendable ([UInt8]) -> Void
    ) throws(VirtualMachineError) -> VirtualMachine {
        try makeMachine(configuration, console: ConsoleOutput(onConsoleOutput))
    }
}

extension VirtualMachine {
    /// Types at the guest's console. Takes as many of the first bytes as there is room for (4096 wait at most), and says
    /// how many.
    public func type(_ bytes: [UInt8]) -> Int { input.offer(bytes) }

    /// Ends the guest from any thread: `run` returns `StopReason.requested` soon.
    public func stop() { stop(.requested) }
}

extension BareMachine {
    /// Makes a plain machine with its program loaded: harts start in M-mode.
    ///
    /// - Parameters:
    ///   - configuration: What the machine is to be.
    ///   - onConsoleOutput: Takes what the program writes to UART or HTIF, on the thread of the hart that wrote.
    /// - Throws: `VirtualMachineError`: a file that cannot be loaded, or memory that the host has not.
    public convenience init(
        _ configuration: BareMachineConfiguration,
        onConsoleOutput: @escaping @Sendable ([UInt8]) -> Void
    ) throws(VirtualMachineError) {
        try self.init(configuration, clock: HostClock(), console: ConsoleOutput(onConsoleOutput))
    }

    /// Types at the console. Takes as many of the first bytes as there is room for, and says how many.
    public func type(_ bytes: [UInt8]) -> Int { input.offer(bytes) }

    /// Ends the machine from any thread: `run` returns `BareMachineOutcome.requested` soon.
    public func stop() { stop(.requested) }
}
