import Platform

/// Rights to store without being seen: the write tags of the TLB. See ``PageWatch``.
extension Hart {
    /// Before a store on the slow path into a page of RAM.
    ///
    /// - Returns: whether later ones may go unseen.
    func willStore(into page: UnsafeMutableRawPointer) -> Bool? {
        // What is undone concerns nobody else.
        guard let journal else { return memory.watch(ofHost: page)?.willStore() }
        journal.willStore(into: page)
        return true
    }

    /// Whether stores into a page may go unseen, which the hart is not about to store into.
    func mayStoreUnseen(into page: UnsafeMutableRawPointer) -> Bool? {
        journal == nil ? memory.watch(ofHost: page)?.mayStoreUnseen() : false
    }

    /// The hart will not run for some time: nobody need wait for it.
    func rest() {
        runState.pointee.isResting = true
        grants.rest()
    }

    func wakeGrants() {
        runState.pointee.isResting = false
        grants.wake()
        giveUpGrants()
    }

    /// Gives up the rights to store into pages that are watched by now.
    @inline(never)
    func giveUpGrants() {
        let generation = memory.grants.generation
        if generation != runState.pointee.grantGeneration {
            area.tlb.revokeWrites { [memory] page in memory.watch(ofHost: page)?.isWatched == true }
        }
        runState.pointee.grantGeneration = generation
        grants.acknowledge(generation)
    }

    /// Watches the page of RAM at a host address, which the hart itself has no right to store to any more.
    ///
    /// - Returns: the page's version from here on, and the generation that all harts have to acknowledge before the watch
    ///   can be relied on.
    package func watchCode(at page: UnsafeRawPointer) -> (version: UInt32, generation: UInt64)? {
        guard let watch = memory.watch(ofHost: page) else { return nil }
        let (version, isGranted) = watch.watch()
        guard isGranted else { return (version, 0) }
        area.tlb.revokeWrites { $0 == page }
        return (version, memory.grants.request())
    }
}
