import Platform

/// One virtqueue of a device, with its lock.
///
/// Nothing a driver puts into a ring can hurt the host: chains and lengths are bounded, every address is checked, and a
/// broken queue stops, with the device asking for a reset.
package final class VirtQueue: Sendable {
    package let maximumSize: UInt16
    /// The guest's memory.
    package let memory: any GuestMemoryAccess

    private let guarded: Lock<SplitRing>
    private let signals: VirtioSignals

    init(maximumSize: UInt16, memory: any GuestMemoryAccess, signals: VirtioSignals) {
        precondition(maximumSize.nonzeroBitCount == 1 && maximumSize <= 1 << 15, "queue sizes are powers of 2")
        self.maximumSize = maximumSize
        self.memory = memory
        self.signals = signals
        guarded = Lock(SplitRing(size: maximumSize))
    }

    var ring: SplitRing { guarded.withLock { $0 } }

    /// Takes over a saved ring; one that no driver could have set up is not ready.
    func restore(_ ring: SplitRing) {
        guarded.withLock {
            $0 = ring
            $0.isReady = ring.isReady && ring.isWellFormed(maximumSize: maximumSize)
        }
    }

    /// Changes the set-up, which a driver may do only while the queue is not ready.
    func configure(_ change: (inout SplitRing) -> Void) {
        guarded.withLock { ring in
            if !ring.isReady { change(&ring) }
        }
    }

    /// QueueReady = 1.
    func enable() {
        guarded.withLock { ring in
            guard !ring.isReady else { return }
            guard ring.isWellFormed(maximumSize: maximumSize) else { return signals.deviceNeedsReset() }
            ring.isReady = true
            ring.nextAvailable = 0
            ring.nextUsed = 0
            ring.lastSignalled = 0
        }
    }

    /// QueueReady = 0.
    func disable() { guarded.withLock { $0.isReady = false } }

    /// DRIVER_OK: the device may use buffers.
    func start(features: VirtioFeatures) {
        guarded.withLock { ring in
            ring.features = features
            ring.isLive = true
        }
    }

    /// FAILED: the driver has given up.
    func stop() { guarded.withLock { $0.isLive = false } }

    /// Waits for a running `process` to end.
    func reset() { guarded.withLock { $0 = SplitRing(size: maximumSize) } }

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
        guarded.withLock { ring in
            guard ring.isRunning else { return }
            do throws(VirtQueueFault) {
                while isWanted() {
                    if let chain = try ring.pop(memory) {
                        try ring.push(chain, written: try handle(chain), memory)
                    } else if try !ring.armNotification(memory) {
                        break
                    }
                }
                if try ring.takeSignal(memory) { signals.raiseUsedBuffer() }
            } catch {
                ring.isBroken = true
                signals.deviceNeedsReset()
            }
        }
    }
}
