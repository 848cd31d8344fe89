/// The controller's side of interrupt wires: takes the level of each source.
package protocol InterruptSink: AnyObject, Sendable {
    /// Any thread may call this, also while a device holds its own lock: it must not call back into a device.
    func setLevel(_ isAsserted: Bool, source: UInt32)
}

/// One wire from a device to its interrupt controller. The device sets the level and knows nothing else.
package struct InterruptLine: Sendable {
    private let sink: (any InterruptSink)?
    private let source: UInt32

    package init(to sink: any InterruptSink, source: UInt32) {
        self.sink = sink
        self.source = source
    }

    private init() {
        sink = nil
        source = 0
    }

    /// A wire that leads nowhere.
    package static let disconnected = InterruptLine()

    package func set(_ isAsserted: Bool) { sink?.setLevel(isAsserted, source: source) }
}
