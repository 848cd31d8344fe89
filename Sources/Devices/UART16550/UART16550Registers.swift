/// Register offsets (PC16550D data sheet, table II): one byte each, so `reg-shift` is 0.
enum UARTRegister: UInt64 {
    /// RBR on read, THR on write; divisor latch low while DLAB is set.
    case data = 0
    /// IER; divisor latch high while DLAB is set.
    case interruptEnable = 1
    /// IIR on read, FCR on write.
    case interruptIdentification = 2
    case lineControl = 3
    case modemControl = 4
    case lineStatus = 5
    case modemStatus = 6
    case scratch = 7
}

/// IER.
struct UARTInterruptEnable: OptionSet, Hashable, Sendable {
    var rawValue: UInt8
    static let receivedData = Self(rawValue: 1 << 0)
    static let transmitterEmpty = Self(rawValue: 1 << 1)
    static let lineStatus = Self(rawValue: 1 << 2)
    static let modemStatus = Self(rawValue: 1 << 3)
    static let all: Self = [.receivedData, .transmitterEmpty, .lineStatus, .modemStatus]
}

/// IIR bits 3:0, in the order of priority that section 8.5 gives.
enum UARTInterruptIdentification: UInt8 {
    case lineStatus = 0x6
    case receivedData = 0x4
    case characterTimeout = 0xc
    case transmitterEmpty = 0x2
    case modemStatus = 0x0
    case none = 0x1

    /// IIR bits 7:6 while the FIFOs are on: how drivers tell a 16550A from a 16450.
    static let fifosEnabled: UInt8 = 0xc0
}

/// FCR. Bits 7:6 select the receive trigger level.
struct UARTFIFOControl: OptionSet, Sendable {
    var rawValue: UInt8
    static let enable = Self(rawValue: 1 << 0)
    static let resetReceiver = Self(rawValue: 1 << 1)
    static let resetTransmitter = Self(rawValue: 1 << 2)

    var triggerLevel: UInt8 {
        switch rawValue >> 6 {
        case 0: 1
        case 1: 4
        case 2: 8
        // Two bits: 3.
        default: 14
        }
    }
}

/// LCR: only the bit that changes what an access means; the line format means nothing to a virtual line.
enum UARTLineControl {
    static let divisorLatchAccess: UInt8 = 1 << 7
}

/// MCR.
struct UARTModemControl: OptionSet, Hashable, Sendable {
    var rawValue: UInt8
    static let dataTerminalReady = Self(rawValue: 1 << 0)
    static let requestToSend = Self(rawValue: 1 << 1)
    static let output1 = Self(rawValue: 1 << 2)
    static let output2 = Self(rawValue: 1 << 3)
    static let loopback = Self(rawValue: 1 << 4)
    static let implemented = Self(rawValue: 0x1f)
}

/// LSR.
struct UARTLineStatus: OptionSet, Sendable {
    var rawValue: UInt8
    static let dataReady = Self(rawValue: 1 << 0)
    static let overrunError = Self(rawValue: 1 << 1)
    static let transmitterHoldingEmpty = Self(rawValue: 1 << 5)
    static let transmitterEmpty = Self(rawValue: 1 << 6)
}

/// MSR: the state of the four inputs above the changes since the last read.
struct UARTModemStatus: OptionSet, Hashable, Sendable {
    var rawValue: UInt8
    static let deltaClearToSend = Self(rawValue: 1 << 0)
    static let deltaDataSetReady = Self(rawValue: 1 << 1)
    static let trailingEdgeRing = Self(rawValue: 1 << 2)
    static let deltaCarrierDetect = Self(rawValue: 1 << 3)
    static let clearToSend = Self(rawValue: 1 << 4)
    static let dataSetReady = Self(rawValue: 1 << 5)
    static let ringIndicator = Self(rawValue: 1 << 6)
    static let carrierDetect = Self(rawValue: 1 << 7)

    static let deltas: Self = [.deltaClearToSend, .deltaDataSetReady, .trailingEdgeRing, .deltaCarrierDetect]
    /// What a terminal that is always there drives.
    static let connected: Self = [.clearToSend, .dataSetReady, .carrierDetect]
}
