import Platform

/// One virtqueue of a device, with its lock.
///
/// Nothing a driver puts into a ring can hurt the host: chains and lengths are bounded, every address is checked, and a
/// broken queue stops, with the device asking for a reset.
package final class VirtQueue: Sendable {
    package let maximumSize: UInt16
    /// The guest's memory.
    package let memory: any GuestMemoryAccess

    private struct Guarded {
        var ring: SplitRing
        /// How often the ring began anew. Not saved: chains of an earlier life are not either.
        var generation: UInt64 = 0

        mutating func begin(_ ring: SplitRing) {
            self.ring = ring
            generation &+= 1
        }
    }

    private let guarded: Lock<Guarded>
    private let signals: VirtioSignals

    init(maximumSize: UInt16, memory: any GuestMemoryAccess, signals: VirtioSignals) {
        precondition(maximumSize.nonzeroBitCount == 1 && maximumSize <= 1 << 15, "queue sizes are powers of 2")
        self.maximumSize = maximumSize
        self.memory = memory
        self.signals = signals
        guarded = Lock(Guarded(ring: SplitRing(size: maximumSize)))
    }

    var ring: SplitRing { guarded.withLock { $0.ring } }

    /// Takes over a saved ring. Chains taken before are not of this one.
    func restore(_ ring: SplitRing) { guarded.withLock { $0.begin(ring) } }

    /// Changes the set-up, which a driver may do only while the queue is not ready.
    func configure(_ change: (inout SplitRing) -> Void) {
        guarded.withLock { if !$0.ring.isReady { change(&$0.ring) } }
    }

    /// QueueReady = 1.
    func enable() {
        guarded.withLock { guarded in
            var ring = guarded.ring
            guard !ring.isReady else { return }
            guard ring.isWellFormed(maximumSize: maximumSize) else { return signals.deviceNeedsReset() }
            ring.isReady = true
            ring.nextAvailable = 0
            ring.nextUsed = 0
            ring.lastSignalled = 0
            ring.inFlight = []
            ring.interrupted = []
            guarded.begin(ring)
        }
    }

    /// QueueReady = 0.
    func disable() { guarded.withLock { $0.ring.isReady = false } }

    /// DRIVER_OK: the device may use buffers.
    func start(features: VirtioFeatures) {
        guarded.withLock { guarded in
            guarded.ring.features = features
            guarded.ring.isLive = true
        }
    }

    /// FAILED: the driver has given up.
    func stop() { guarded.withLock { $0.ring.isLive = false } }

    /// Waits for a running `process` to end.
    func reset() { guarded.withLock { $0.begin(SplitRing(size: maximumSize)) } }

    // MARK: - Requests

    /// Takes the driver's next request; nil when there is none, and then the driver notifies of the next one.
    ///
    /// Every request is given back with `complete`, in any order and on any thread.
    package func next() -> DescriptorChain? {
        whileRunning { guarded throws(VirtQueueFault) in
            repeat {
                if let chain = try take(&guarded) { return chain }
            } while try guarded.ring.armNotification(memory)
            return nil
        } ?? nil
    }

    /// Gives a request back, and interrupts the driver if it wants that.
    ///
    /// `written` says how many bytes of the chain's buffers were written, from the first writable one on. Nothing
    /// happens when the driver has reset the queue meanwhile.
    package func complete(_ chain: DescriptorChain, written: UInt32) {
        whileRunning { guarded throws(VirtQueueFault) in
            guard chain.generation == guarded.generation else { return }
            try guarded.ring.push(chain, written: written, memory)
            if try guarded.ring.takeSignal(memory) { signals.raiseUsedBuffer() }
        }
    }

    /// Handles available chains one after the other, then interrupts the driver if it wants that.
    ///
    /// It goes on for as long as the driver adds chains: only other harts of the same guest can keep it busy, and it
    /// ends within one ring's length once they are stopped.
    ///
    /// - Parameters:
    ///   - isWanted: asked before each chain; false leaves the rest for later.
    ///   - handle: does one request, and answers how many bytes it wrote. It runs under the queue's lock.
    package func process(
        while isWanted: () -> Bool = { true },
        _ handle: (DescriptorChain) throws(VirtQueueFault) -> UInt32
    ) {
        whileRunning { guarded throws(VirtQueueFault) in
            while isWanted() {
                if let chain = try take(&guarded) {
                    try guarded.ring.push(chain, written: try handle(chain), memory)
                } else if try !guarded.ring.armNotification(memory) {
                    break
                }
            }
            if try guarded.ring.takeSignal(memory) { signals.raiseUsedBuffer() }
        }
    }

    private func take(_ guarded: inout Guarded) throws(VirtQueueFault) -> DescriptorChain? {
        var chain = try guarded.ring.pop(memory)
        chain?.generation = guarded.generation
        return chain
    }

    /// Nil where the queue may not be used, or `body` found that the driver broke a rule.
    @discardableResult
    private func whileRunning<Result: Sendable>(
        _ body: (inout Guarded) throws(VirtQueueFault) -> Result
    ) -> Result? {
        guarded.withLock { guarded in
            guard guarded.ring.isRunning else { return nil }
            do throws(VirtQueueFault) {
                return try body(&guarded)
            } catch {
                guarded.ring.isBroken = true
                signals.deviceNeedsReset()
                return nil
            }
        }
    }
}
