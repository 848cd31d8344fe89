import Platform

extension UART16550 {
    /// The registers, and what an access does to them; no wires.
    package struct State: Equatable, Sendable {
        static let fifoDepth = 16
        /// More LSR reads in a row than any driver needs to probe, start or transmit.
        static let pollsThatMeanListening: UInt8 = 16

        var interruptEnable: UARTInterruptEnable = []
        var lineControl: UInt8 = 0
        var modemControl: UARTModemControl = []
        var modemStatus: UARTModemStatus = .connected
        var scratch: UInt8 = 0
        var divisor: UInt16 = 1
        var areFIFOsEnabled = false
        var triggerLevel: UInt8 = 1
        /// Oldest first; at most `receiveDepth` bytes.
        var received: [UInt8] = []
        /// Whether `received` came round the loop rather than from the line.
        var isLoopbackData = false
        /// Taken from the line, oldest first, and not yet arrived for the guest; at most `fifoDepth` bytes.
        ///
        /// Drivers reset the FIFO and throw bytes away while they set the port up. The timing of a virtual line is
        /// ours: what they would lose arrives right after.
        var onLine: [UInt8] = []
        var hasOverrun = false
        /// The THRE interrupt is an event, not a level: set when THR empties or ETBEI is enabled; ended by an IIR read
        /// that reports it, by a write to THR, and by nothing else (table III, "Interrupt Control Functions").
        var isTransmitterEmptyPending = false
        /// LSR reads since the last transmission: one for every byte is a transmitter looking for room, a row of them
        /// is a guest that polls for input.
        var statusPolls: UInt8 = 0
    }
}

extension UART16550.State {
    private var isDivisorLatchAccessed: Bool { lineControl & UARTLineControl.divisorLatchAccess != 0 }

    /// One byte with the FIFOs off (section 8.4, "16450 mode").
    var receiveDepth: Int { areFIFOsEnabled ? Self.fifoDepth : 1 }

    /// Whether the guest wants input: it enabled the interrupt, or polls.
    ///
    /// Drivers throw away what arrived before they start (FIFO resets, reads of RBR to quieten the port). The timing of
    /// a virtual line is ours, so input comes when it will be read, and none is lost.
    private var isListening: Bool {
        interruptEnable.contains(.receivedData) || statusPolls >= Self.pollsThatMeanListening
    }

    /// The line is cut during loopback (section 8.6), so input waits.
    var receiveCapacity: Int {
        onLine.isEmpty ? arrivalCapacity : 0
    }

    private var arrivalCapacity: Int {
        guard isListening, !modemControl.contains(.loopback), !isLoopbackData else { return 0 }
        return max(0, receiveDepth - received.count)
    }

    /// Lets arrive what may, after any access.
    mutating func settle() {
        if received.isEmpty { isLoopbackData = false }
        guard !onLine.isEmpty else { return }
        let count = min(onLine.count, arrivalCapacity)
        received += onLine.prefix(count)
        onLine.removeFirst(count)
    }

    /// Takes unread bytes of the line out of the guest's sight; looped ones are gone.
    private mutating func withdraw() {
        if !isLoopbackData { onLine.insert(contentsOf: received, at: 0) }
        received = []
        isLoopbackData = false
    }

    /// What the guest has not read, as if it had never come.
    mutating func takeUnread() -> [UInt8] {
        withdraw()
        defer { onLine = [] }
        return onLine
    }

    /// The interrupt with the highest priority.
    ///
    /// A character timeout needs four idle character times on the line. Input comes in bursts with nothing behind
    /// them, so the line counts as idle as soon as a burst has ended.
    var interrupt: UARTInterruptIdentification {
        if interruptEnable.contains(.lineStatus), hasOverrun { return .lineStatus }
        if interruptEnable.contains(.receivedData), !received.isEmpty {
            return received.count >= Int(triggerLevel) || !areFIFOsEnabled ? .receivedData : .characterTimeout
        }
        if interruptEnable.contains(.transmitterEmpty), isTransmitterEmptyPending { return .transmitterEmpty }
        if interruptEnable.contains(.modemStatus), !modemStatus.isDisjoint(with: .deltas) { return .modemStatus }
        return .none
    }

    private var lineStatus: UARTLineStatus {
        // THR and the shift register are always empty: a byte written is with the sink before the write returns.
        var status: UARTLineStatus = [.transmitterHoldingEmpty, .transmitterEmpty]
        if !received.isEmpty { status.insert(.dataReady) }
        if hasOverrun { status.insert(.overrunError) }
        return status
    }

    mutating func read(_ register: UARTRegister) -> UInt8 {
        switch register {
        case .data:
            if isDivisorLatchAccessed { return UInt8(truncatingIfNeeded: divisor) }
            guard !received.isEmpty else { return 0 }
            return received.removeFirst()
        case .interruptEnable:
            return isDivisorLatchAccessed ? UInt8(truncatingIfNeeded: divisor >> 8) : interruptEnable.rawValue
        case .interruptIdentification:
            let source = interrupt
            if source == .transmitterEmpty { isTransmitterEmptyPending = false }
            return source.rawValue | (areFIFOsEnabled ? UARTInterruptIdentification.fifosEnabled : 0)
        case .lineControl:
            return lineControl
        case .modemControl:
            return modemControl.rawValue
        case .lineStatus:
            defer { hasOverrun = false }
            if statusPolls < .max { statusPolls += 1 }
            return lineStatus.rawValue
        case .modemStatus:
            defer { modemStatus.subtract(.deltas) }
            return modemStatus.rawValue
        case .scratch:
            return scratch
        }
    }

    /// - Returns: the byte to transmit, if any.
    mutating func write(_ value: UInt8, to register: UARTRegister) -> UInt8? {
        switch register {
        case .data:
            if isDivisorLatchAccessed {
                divisor = divisor & 0xff00 | UInt16(value)
            } else {
                return transmit(value)
            }
        case .interruptEnable:
            if isDivisorLatchAccessed {
                divisor = divisor & 0x00ff | UInt16(value) << 8
            } else {
                setInterruptEnable(UARTInterruptEnable(rawValue: value).intersection(.all))
            }
        case .interruptIdentification:
            setFIFOControl(UARTFIFOControl(rawValue: value))
        case .lineControl:
            lineControl = value
        case .modemControl:
            setModemControl(UARTModemControl(rawValue: value).intersection(.implemented))
        case .lineStatus, .modemStatus:
            break  // Factory test only (section 8.3): not for drivers.
        case .scratch:
            scratch = value
        }
        return nil
    }

    private mutating func transmit(_ byte: UInt8) -> UInt8? {
        // The write ends the interrupt, and THR is empty again before anyone can look.
        isTransmitterEmptyPending = true
        statusPolls = 0
        guard modemControl.contains(.loopback) else { return byte }
        accept(byte)
        return nil
    }

    /// A byte from the receive shift register. On overrun a full FIFO keeps what it has, but RBR is overwritten.
    private mutating func accept(_ byte: UInt8) {
        isLoopbackData = true
        if received.count < receiveDepth {
            received.append(byte)
            return
        }
        hasOverrun = true
        if !areFIFOsEnabled { received = [byte] }
    }

    /// Enabling ETBEI while THR is empty raises the interrupt at once: drivers start transmission that way.
    private mutating func setInterruptEnable(_ value: UARTInterruptEnable) {
        if value.contains(.transmitterEmpty) != interruptEnable.contains(.transmitterEmpty) {
            isTransmitterEmptyPending = value.contains(.transmitterEmpty)
        }
        // The driver stops listening: it may be about to throw away what is there.
        if interruptEnable.contains(.receivedData), !value.contains(.receivedData) { withdraw() }
        interruptEnable = value
    }

    /// The other bits count only while bit 0 is written as 1, and changing bit 0 clears the FIFOs (section 8.4): bytes
    /// of the line go back to it, and arrive when there is room.
    private mutating func setFIFOControl(_ value: UARTFIFOControl) {
        let isEnabling = value.contains(.enable)
        if isEnabling != areFIFOsEnabled || isEnabling && value.contains(.resetReceiver) {
            withdraw()
        }
        areFIFOsEnabled = isEnabling
        triggerLevel = isEnabling ? value.triggerLevel : 1
    }

    /// In loopback the four outputs feed the four inputs (section 8.6).
    private mutating func setModemControl(_ value: UARTModemControl) {
        if value.contains(.loopback), !modemControl.contains(.loopback) { withdraw() }
        modemControl = value
        var inputs: UARTModemStatus = value.contains(.loopback) ? [] : .connected
        if value.contains(.loopback) {
            if value.contains(.requestToSend) { inputs.insert(.clearToSend) }
            if value.contains(.dataTerminalReady) { inputs.insert(.dataSetReady) }
            if value.contains(.output1) { inputs.insert(.ringIndicator) }
            if value.contains(.output2) { inputs.insert(.carrierDetect) }
        }
        let changed = modemStatus.symmetricDifference(inputs)
        var deltas = modemStatus.intersection(.deltas)
        if changed.contains(.clearToSend) { deltas.insert(.deltaClearToSend) }
        if changed.contains(.dataSetReady) { deltas.insert(.deltaDataSetReady) }
        if changed.contains(.ringIndicator), !inputs.contains(.ringIndicator) { deltas.insert(.trailingEdgeRing) }
        if changed.contains(.carrierDetect) { deltas.insert(.deltaCarrierDetect) }
        modemStatus = inputs.union(deltas)
    }

    var hasEmptyReceiver: Bool { received.isEmpty }

    /// Takes what fits of input from the line.
    mutating func receive(_ bytes: ArraySlice<UInt8>) -> Int {
        let count = min(receiveCapacity, bytes.count)
        received.append(contentsOf: bytes.prefix(count))
        return count
    }
}

extension UART16550.State: Savable {
    package func save(to writer: inout StateWriter) {
        writer.write(interruptEnable)
        writer.write(lineControl)
        writer.write(modemControl)
        writer.write(modemStatus)
        writer.write(scratch)
        writer.write(divisor)
        writer.write(areFIFOsEnabled)
        writer.write(triggerLevel)
        writer.write(received)
        writer.write(isLoopbackData)
        writer.write(onLine)
        writer.write(hasOverrun)
        writer.write(isTransmitterEmptyPending)
        writer.write(statusPolls)
    }

    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        interruptEnable = try reader.read()
        lineControl = try reader.read()
        modemControl = try reader.read()
        modemStatus = try reader.read()
        scratch = try reader.read()
        divisor = try reader.read()
        areFIFOsEnabled = try reader.read()
        triggerLevel = try reader.read()
        received = try reader.read(limit: receiveDepth)
        isLoopbackData = try reader.read()
        onLine = try reader.read(limit: Self.fifoDepth)
        hasOverrun = try reader.read()
        isTransmitterEmptyPending = try reader.read()
        statusPolls = try reader.read()
        try reader.require(UARTInterruptEnable.all.isSuperset(of: interruptEnable), "IER has bits that do not exist")
        try reader.require(UARTModemControl.implemented.isSuperset(of: modemControl), "MCR has bits that do not exist")
        try reader.require((1...Self.fifoDepth).contains(Int(triggerLevel)), "the trigger level is \(triggerLevel)")
    }
}
