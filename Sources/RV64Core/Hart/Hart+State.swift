import Platform
import Synchronization

/// Saving is a fence. What a hart knows of memory besides its registers (translations, decoded code, a reservation) is
/// visible to a program that leaves out a fence, and is not saved: so it is given up in the original too, and a hart that
/// goes on after a save and one that is restored from it do the same from there.
extension Hart: Savable {
    package func save(to writer: inout StateWriter) {
        forgetMemory()
        // When that was last done depends on what has been translated.
        synchronizeCounters()
        runState.pointee.fetchEpochTick = time
        writer.write(configuration.id)
        writer.write(configuration.hostedModes)
        writer.write(configuration.pagingLimit)
        writer.write(state.pointee.mode)
        writer.write(state.pointee.isInCriticalError)
        state.pointee.forEachField { writer.write($0) }
        runState.pointee.forEachField { writer.write($0) }
        for input in [lines.pointee.load(ordering: .acquiring), guestExternalLines.pointee.load(ordering: .acquiring)] {
            writer.write(input)
        }
        writer.write(nonMaskableLines.load(ordering: .acquiring))
        writer.write(machineTimer.load(ordering: .acquiring))
        writer.write(refusedTranslationMode)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.requireSame("the number of the hart", saved: reader.read(UInt64.self), here: configuration.id)
        let hosted: HostedModes = try reader.read()
        try reader.requireSame("who runs its modes", saved: hosted.rawValue, here: configuration.hostedModes.rawValue)
        let paging: PagingLimit = try reader.read()
        try reader.requireSame("the widest page table", saved: paging, here: configuration.pagingLimit)

        var restored = HartState()
        restored.mode = try reader.read()
        restored.isInCriticalError = try reader.read()
        try restored.forEachField { field throws(StateError) in field = try reader.read() }
        try reader.requireSame("misa", saved: restored.misa, here: state.pointee.misa)
        try reader.requireSame("mhartid", saved: restored.mhartid, here: state.pointee.mhartid)
        try reader.require(extensions.contains(.h) || !restored.mode.isVirtual, "a mode of the H-extension without it")
        try reader.require(restored.pc & 1 == 0, "an odd pc")
        state.pointee = restored

        try runState.pointee.forEachField { field throws(StateError) in field = try reader.read() }
        lines.pointee.store(try reader.read(), ordering: .releasing)
        guestExternalLines.pointee.store(try reader.read(), ordering: .releasing)
        nonMaskableLines.store(try reader.read(), ordering: .releasing)
        machineTimer.store(try reader.read(), ordering: .releasing)
        refusedTranslationMode = try reader.read()
        forgetMemory()
    }

    /// Gives up everything that was derived from memory, the order in which contexts were used included, and ends the
    /// slice.
    private func forgetMemory() {
        engine.forgetCode(self)
        area.forgetTranslations()
        runState.pointee.reservationAddress = 0
        runState.pointee.reservationValue = 0
        runState.pointee.slice = 0
        runState.pointee.exit = nil
        startSampling()
        updateContext()
    }
}

extension RunState {
    /// Calls `body` with every field that the future depends on: what counts traps, time and events. The rest is derived
    /// anew, or of the host.
    fileprivate mutating func forEachField<Failure: Error>(
        _ body: (inout UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        try Self.visit(&idleTraps, body)
        try Self.visit(&unreturnedTraps, body)
        try body(&retiredAtEntry)
        try body(&fetchEpochTick)
        try body(&timerPending)
        try body(&runningCounters)
        try body(&countedEvents)
        try body(&counterFilters)
        try body(&countersCheckedAt)
        try body(&nextCounterOverflow)
    }

    private static func visit<Failure: Error>(
        _ count: inout Int,
        _ body: (inout UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        var value = UInt64(clamping: count)
        try body(&value)
        // More than any limit is as good as any other number beyond it.
        count = Int(value & 0xFFFF_FFFF)
    }
}
