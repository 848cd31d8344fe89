import Platform
import Testing

@testable import RV64Core

/// Everything the CSR tables know about.
let fullExtensions: ExtensionSet = {
    let named: ExtensionSet = [
        .i, .m, .a, .f, .d, .c, .zicsr, .zifencei, .zicntr, .zihpm, .sstc, .svadu, .svpbmt, .svinval, .svnapot, .sha,
        .smstateen,
    ]
    return named.closure
}()

/// With every extension of the privileged architecture that the hart has.
let privilegedExtensions = fullExtensions.union([
    .sscofpmf, .smcntrpmf, .smcsrind, .sscsrind, .smcdeleg, .ssccfg, .smepmp, .zkr, .smmpm, .smnpm, .ssnpm, .smdbltrp,
    .ssdbltrp, .smrnmi, .shlcofideleg,
])

/// A hart at reset, its clock standing still at tick 0.
struct TestHart {
    let hart: Hart
    let clock = InstructionClock()

    init(
        _ extensions: ExtensionSet = fullExtensions,
        pagingLimit: PagingLimit = .sv57,
        entropy: EntropySource = .host
    ) throws {
        let memory = try PhysicalMemory(base: 0x8000_0000, size: 0x1_0000)
        let configuration = HartConfiguration(
            id: 5,
            extensions: extensions,
            pagingLimit: pagingLimit,
            entropy: entropy
        )
        hart = Hart(configuration: configuration, memory: memory, bus: Bus(), clock: clock)
    }

    var state: UnsafeMutablePointer<HartState> { hart.state }

    /// Executes one CSR instruction as the current mode.
    /// - Returns: the cause of the exception, or nil.
    @discardableResult
    func execute(
        _ opcode: Opcode,
        _ address: CSRAddress,
        rd: UInt8 = DecodedInstruction.writeSink,
        rs1: UInt8 = 0
    ) -> Trap? {
        let instruction = DecodedInstruction(
            opcode: opcode,
            rd: rd,
            rs1: rs1,
            immediate: Int32(address.rawValue),
            raw: UInt32(address.rawValue) << 20 | 0x73
        )
        do throws(Trap) {
            try hart.executeCSR(instruction)
            return nil
        } catch {
            return error
        }
    }
}

/// Enables everything that can be enabled, so that a test switches one thing off.
extension TestHart {
    func openAllGates() {
        hart.writeCSR(.mcounteren, ~0)
        hart.writeCSR(.hcounteren, ~0)
        hart.writeCSR(.scounteren, ~0)
        hart.writeCSR(.menvcfg, ~0)
        hart.writeCSR(.henvcfg, ~0)
        for number in 0...3 {
            hart.writeCSR(CSRAddress.mstateen0.advanced(by: number), ~0)
            hart.writeCSR(CSRAddress.hstateen0.advanced(by: number), ~0)
        }
        state.pointee.mstatus[.fs] = ContextStatus.initial
        state.pointee.vsstatus[.fs] = ContextStatus.initial
    }
}

extension CSRAddress {
    /// An alias of indirect access: what it is depends on what is selected. `IndirectAccessTests`.
    var isIndirect: Bool { row?.gate == .indirectAlias }
}

/// A CSR by name, for readable test arguments.
struct NamedCSR: CustomTestStringConvertible, Sendable {
    let address: CSRAddress
    init(_ address: CSRAddress) { self.address = address }
    var testDescription: String { address.name ?? String(address.rawValue, radix: 16) }
}
