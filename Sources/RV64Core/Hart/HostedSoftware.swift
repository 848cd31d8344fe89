/// The Swift that is a hosted mode's software, where it takes traps without leaving `Hart.run`.
///
/// A function and what it is called with: at every trap no reference is counted.
package struct HostedSoftware {
    /// Takes the trap that has just been delivered to the hosted mode, on the hart's own thread.
    ///
    /// Returns whether the hart goes on at once, in the state in which it is now; if not, `run` returns `.handled`.
    package typealias Function = @convention(c) (UnsafeMutableRawPointer) -> Bool

    private let software: UnsafeMutableRawPointer
    private let function: Function

    /// `software` is what `function` is called with, as long as the hart runs.
    package init(_ software: UnsafeMutableRawPointer, _ function: @escaping Function) {
        self.software = software
        self.function = function
    }

    @inline(__always) func takeTrap() -> Bool { function(software) }
}
