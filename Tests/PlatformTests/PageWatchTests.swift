import Testing

@testable import Platform

/// Who may store unseen, and what a watch tells.
@Suite struct PageWatchTests {
    private func watch() throws -> (PhysicalMemory, PageWatch) {
        let memory = try PhysicalMemory(base: 0x1000, size: 0x2000)
        let watch = try #require(memory.watch(ofHost: UnsafeRawPointer(memory.host)))
        return (memory, watch)
    }

    @Test func pageThatNobodyEverWatchedIsGranted() throws {
        let (memory, watch) = try watch()
        #expect(watch.mayStoreUnseen())
        #expect(watch.willStore())
        #expect(watch.version == 0)
        #expect(watch.watch().isGranted)
        withExtendedLifetime(memory) {}
    }

    @Test func watchThatNobodyHasARightAgainstHoldsAtOnce() throws {
        let (memory, watch) = try watch()
        let (version, isGranted) = watch.watch()
        #expect(!isGranted)
        #expect(watch.isWatched)
        #expect(watch.version == version)
        withExtendedLifetime(memory) {}
    }

    /// The store that ends a watch is seen, and so are some after it.
    @Test func storeEndsTheWatch() throws {
        let (memory, watch) = try watch()
        let (version, _) = watch.watch()
        #expect(!watch.mayStoreUnseen())
        #expect(watch.isWatched)
        #expect(!watch.willStore())
        #expect(!watch.isWatched)
        #expect(watch.version != version)
        let stores = (1...100).first { _ in watch.willStore() }
        #expect(try #require(stores) > 1)
        withExtendedLifetime(memory) {}
    }

    /// Watched again, a page that is written again and again is granted again, and says so.
    @Test func grantIsRemembered() throws {
        let (memory, watch) = try watch()
        _ = watch.watch()
        while !watch.willStore() {}
        let (version, isGranted) = watch.watch()
        #expect(isGranted)
        #expect(!watch.willStore())
        #expect(watch.version != version)
        withExtendedLifetime(memory) {}
    }

    @Test func pagesAreWatchedOneByOne() throws {
        let (memory, watch) = try watch()
        let other = try #require(memory.watch(ofHost: UnsafeRawPointer(memory.host + 0x1000)))
        _ = watch.watch()
        #expect(!other.isWatched)
        #expect(other.willStore())
        #expect(memory.watch(ofHost: UnsafeRawPointer(memory.host + 0x2000)) == nil)
    }

    @Test func storesOfTheHostAreSeen() throws {
        let (memory, watch) = try watch()
        let (version, _) = watch.watch()
        #expect([UInt8(1)].withUnsafeBytes { memory.write($0, at: 0x1FFF) })
        #expect(watch.version != version)
        let next = watch.watch().version
        #expect(memory.forEachHostRange(of: GuestPhysicalAddress(0x1FF0), count: 0x20) { _ in })
        #expect(watch.version != next)
    }

    // MARK: - Revocation

    @Test func requestIsAcknowledgedOnceAllHave() {
        let revocation = GrantRevocation()
        let (first, second) = (revocation.join(), revocation.join())
        #expect(revocation.acknowledged == .max)
        first.wake()
        second.wake()
        #expect(revocation.acknowledged == 0)
        let generation = revocation.request()
        #expect(generation == revocation.generation)
        first.acknowledge(generation)
        #expect(revocation.acknowledged < generation)
        second.acknowledge(generation)
        #expect(revocation.acknowledged == generation)
    }

    /// Nobody waits for a hart that rests, nor for one that is gone; its place is taken by the next.
    @Test func restingHartsCount() {
        let revocation = GrantRevocation()
        let (first, second) = (revocation.join(), revocation.join())
        first.wake()
        second.wake()
        first.acknowledge(revocation.request())
        second.rest()
        #expect(revocation.acknowledged == revocation.generation)
        second.wake()
        #expect(revocation.acknowledged == 0)
        revocation.leave(second)
        #expect(revocation.acknowledged == revocation.generation)
        revocation.join().wake()
        #expect(revocation.acknowledged == 0)
    }
}
