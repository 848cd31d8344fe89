/// The Swift that is a hosted mode's software, where it takes traps without leaving `Hart.run`.
package protocol HostedSoftware: AnyObject {
    /// Takes the trap that has just been delivered to the hosted mode, on the hart's own thread.
    ///
    /// - Returns: whether the hart goes on at once, in the state in which it is now; if not, `run` returns `.handled`.
    func takeTrap() -> Bool
}
