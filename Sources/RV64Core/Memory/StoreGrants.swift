import Platform

/// Rights to store without being seen: the write tags of the TLB. See ``PageWatch``.
extension Hart {
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
        let revocations = memory.grants.revocations
        if revocations != runState.pointee.revocations {
            runState.pointee.revocations = revocations
            area.tlb.revokeWrites { [memory] page in memory.watch(ofHost: page)?.isWatched == true }
        }
        runState.pointee.grantGeneration = generation
        grants.acknowledge(generation)
    }

    /// Watches the page of RAM at a host address, which the hart itself has no right to store to any more.
    ///
    /// - Returns: the page's version from here on, and whether other harts may have a right that they have to give up.
    package func watchCode(at page: UnsafeRawPointer) -> (version: UInt32, isGranted: Bool)? {
        guard let watch = memory.watch(ofHost: page) else { return nil }
        let (version, isGranted) = watch.watch()
        if isGranted { area.tlb.revokeWrites { $0 == page } }
        return (version, isGranted)
    }
}
