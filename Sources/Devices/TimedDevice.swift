/// A device that acts when time passes, not only when it is accessed. The machine's scheduler polls it.
package protocol TimedDevice: AnyObject, Sendable {
    /// When the device next has something to do, in `MachineClock.nanoseconds`; nil for nothing.
    ///
    /// A guest access can move it, so ask again before every sleep.
    var nextDeadline: UInt64? { get }

    /// Does what is due now. Calling it early or twice does no harm.
    func timePassed()
}
