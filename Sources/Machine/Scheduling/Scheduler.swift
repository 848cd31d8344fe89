import Platform

/// What runs machines' harts. Machines come while others run, and go when they end.
protocol Scheduler: AnyObject, Sendable {
    /// Runs machines together, until each has ended.
    ///
    /// - Throws: `HostThreadError` when the host has not enough threads; those that run meanwhile go on.
    func add(_ machines: [Machine]) throws(HostThreadError)

    /// Gives back what threads that have ended still hold.
    func reap()
}
