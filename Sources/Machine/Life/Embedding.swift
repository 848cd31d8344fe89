import Hypervisor
import Platform

// What a program that embeds machines calls, beside `Machine.perform` and `wait`: see Examples/Embedding.

extension MachineHost {
    /// A host whose machines run in the host's time, each hart on a thread of its own.
    ///
    /// - Throws: `MachineError` when the host gives not even addresses.
    public convenience init() throws(MachineError) { try self.init(clock: .host) }

    /// Makes a machine; files are read and checked, and nothing runs yet.
    ///
    /// - Parameters:
    ///   - configuration: What it is to be.
    ///   - onConsoleOutput: Takes what it writes to its console, on the thread of the hart that wrote; that hart waits
    ///     until it returns.
    /// - Returns: The machine: `run` runs it until it ends.
    /// - Throws: `MachineError`: a file that cannot be loaded, or memory that the host has not.
    public func makeMachine(
        _ configuration: MachineConfiguration,
        onConsoleOutput: @escaping @Sendable ([UInt8]) -> Void
    ) throws(MachineError) -> Machine {
        try makeMachine(configuration, console: ConsoleCallback(onConsoleOutput))
    }
}

extension Machine {
    /// Powers the machine on, and waits for its end.
    ///
    /// - Throws: `MachineRequestRefused` if it has been started before.
    public func run() throws(MachineRequestRefused) -> StopReason {
        try perform(.start)
        return wait()
    }

    /// Types at the console. Takes as many of the first bytes as there is room for (4096 wait at most), and says how
    /// many.
    public func type(_ bytes: [UInt8]) -> Int { input.offer(bytes) }

    /// Ends the machine from any thread: `wait` returns `StopReason.requested` soon.
    public func stop() { end(.requested) }
}
