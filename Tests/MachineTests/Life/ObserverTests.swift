import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// What observers are told, of guests and of plain machines.
@Suite(.timeLimit(.minutes(10))) struct ObserverTests {
    private static let realTimeClock = MemoryMap.rtc.base

    /// Every kind of event of one hart.
    private static let guest = GuestProgram { program in
        program.installSkipper()
        program.emit(0xFFFF_FFFF)
        program.load(6, realTimeClock)
        program.emit(Encoding.lw(7, 6))
        program.print("k")
        program.reset(0)
    }

    private static let guestEvents = [
        "HS returns to VS", "stvec written",
        "VS takes illegal instruction from VS", "sepc written", "VS returns to VS",
        "HS takes load guest-page fault from VS", "read rtc+0x0", "HS returns to VS",
        "HS takes environment call from VS-mode from VS", "DBCN.write_byte answered", "HS returns to VS",
        "HS takes environment call from VS-mode from VS", "SRST.system_reset answered",
    ]

    @Test func guestTellsInOrder() throws {
        let observer = Recorder([.exceptions, .interrupts, .trapReturns, .csrWrites, .deviceAccesses, .sbiCalls])
        let machine = try Self.guest.make(console: CollectingConsole(), observers: [observer])
        #expect(try machine.run() == .exited(code: 0))
        #expect(observer.texts == Self.guestEvents)
        let times = observer.records.map(\.nanoseconds)
        #expect(times == times.sorted())
    }

    /// An observer of exits sees illegal instructions on their way through HS; what was done is told when it is done.
    @Test func exitsAreToldOnceHandled() throws {
        let observer = Recorder([.exceptions, .trapReturns, .exits])
        let machine = try Self.guest.make(console: CollectingConsole(), observers: [observer])
        #expect(try machine.run() == .exited(code: 0))
        #expect(
            Array(observer.texts.prefix(6)) == [
                "HS returns to VS", "HS takes illegal instruction from VS", "HS returns to VS",
                "VS takes illegal instruction from VS", "exit of illegal instruction", "VS returns to VS",
            ]
        )
    }

    /// Each is told of what it asked for, the first of them first; who asks for nothing, of nothing.
    @Test func masksAreEachObserversOwn() throws {
        let calls = CallOrder()
        let many = Recorder([.exceptions, .sbiCalls], "many", calls)
        let few = Recorder(.sbiCalls, "few", calls)
        let none = Recorder([], "none", calls)
        let machine = try Self.guest.make(console: CollectingConsole(), observers: [few, none, many])
        #expect(try machine.run() == .exited(code: 0))
        #expect(few.texts == ["DBCN.write_byte answered", "SRST.system_reset answered"])
        #expect(many.texts == Self.guestEvents.filter { $0.contains("takes") || $0.contains("answered") })
        #expect(many.records.filter { few.records.contains($0) } == few.records)
        #expect(
            calls.names == ["many", "many", "many", "few", "many", "many", "few", "many"],
            "an illegal instruction, a fault, and two calls, which both see"
        )
        #expect(none.records.isEmpty)
    }

    /// Observers are a machine's own, and one that has none runs the same.
    @Test func onlyOnesOwnMachineTells() throws {
        let host = try MachineHost(clock: .instructions)
        let observer = Recorder([.exceptions, .trapReturns, .csrWrites, .deviceAccesses, .sbiCalls])
        let observed = try Self.guest.make(on: host, console: CollectingConsole(), observers: [observer])
        let other = try Self.guest.make(on: host, console: CollectingConsole())
        try host.start([other, observed])
        #expect([other.wait(), observed.wait()] == [.exited(code: 0), .exited(code: 0)])
        #expect(observer.texts == Self.guestEvents)
        #expect(observer.machines.allSatisfy { $0 == ObjectIdentifier(observed) })
        #expect(other.instructions == observed.instructions)
        #expect(other.drivers[0].hart.state.pointee.pc == observed.drivers[0].hart.state.pointee.pc)
    }

    /// The same events of a machine without a hypervisor, an interrupt among them.
    @Test func plainMachineTells() throws {
        let software = Int32(InterruptCause.machineSoftware.mask)
        let program = PlainTestProgram([
            // Over the handler: csrr t0, mcause; bltz t0, 2f; csrr t0, mepc; addi t0, t0, 4; csrw mepc, t0; mret
            Encoding.i(0x17, 0, 5, 0, 0), Encoding.addi(5, 5, 16), Encoding.csrWrite(.mtvec, 5),
            Encoding.beq(0, 0, 4 * 9),
            Encoding.csrRead(5, .mcause), Encoding.branch(4, 5, 0, 4 * 5),
            Encoding.csrRead(5, .mepc), Encoding.addi(5, 5, 4), Encoding.csrWrite(.mepc, 5), Encoding.machineReturn,
            // 2: the interrupt is lowered.
            Encoding.sw(0, 6), Encoding.machineReturn,
            0xFFFF_FFFF,
            Encoding.addi(5, 0, software), Encoding.csrWrite(.mie, 5),
            Encoding.lui(6, UInt32(MemoryMap.clint.base >> 12)), Encoding.addi(7, 0, 1), Encoding.sw(7, 6),
            // csrsi mstatus, MIE
            Encoding.i(0x73, 6, 0, 8, Int32(CSRAddress.mstatus.rawValue)),
            Encoding.addi(5, 0, 1), Encoding.sd(5, PlainTestProgram.dataRegister), Encoding.spin,
        ])
        let all = Recorder([.exceptions, .interrupts, .trapReturns, .csrWrites, .deviceAccesses, .sbiCalls, .exits])
        let writes = Recorder(.csrWrites)
        let host = try MachineHost(clock: .host)
        let machine = try program.make(on: host, CollectingConsole(), observers: [writes, all])
        #expect(try machine.run() == .exited(code: 0))
        #expect(
            all.texts == [
                "mtvec written",
                "M takes illegal instruction from M", "mepc written", "M returns to M",
                "mie written", "write clint+0x0", "mstatus written",
                "M takes machine software interrupt from M", "write clint+0x0", "M returns to M",
                "write htif+0x0",
            ]
        )
        #expect(writes.texts == ["mtvec written", "mepc written", "mie written", "mstatus written"])
        #expect(writes.records.map(\.event) == all.records.map(\.event).filter { $0.isCSRWrite })
    }

    /// What an instruction meant to write, and what the register made of it.
    @Test func csrWriteHasBothValues() throws {
        let program = GuestProgram { program in
            program.load(5, 10 << 60 | 1)
            program.emit(Encoding.csrWrite(.satp, 5))
            program.reset(0)
        }
        let observer = Recorder(.csrWrites)
        #expect(try program.make(console: CollectingConsole(), observers: [observer]).run() == .exited(code: 0))
        guard case .hart(.csrWrite(let write)) = observer.records.first?.event else {
            Issue.record("\(observer.texts)")
            return
        }
        #expect(write.address == .vsatp && write.mode == .virtualSupervisor)
        #expect(write.pc == GuestProgram.base + 11 * 4)
        #expect((write.written, write.value) == (10 << 60 | 1, 0), "Sv57 is not there")
    }
}

extension MachineEvent {
    fileprivate var isCSRWrite: Bool {
        if case .hart(.csrWrite) = self { true } else { false }
    }
}

/// Who was called, over several observers.
private final class CallOrder: Sendable {
    private let kept = Lock<[String]>([])

    var names: [String] { kept.withLock { $0 } }

    func append(_ name: String) { kept.withLock { $0.append(name) } }
}

/// Keeps what it is told, as values and in words.
private final class Recorder: Observer {
    private struct Kept {
        var records: [EventRecord] = []
        var texts: [String] = []
        var machines: [ObjectIdentifier] = []
    }

    let events: ObservedEvents
    private let name: String
    private let calls: CallOrder?
    private let kept = Lock(Kept())

    init(_ events: ObservedEvents, _ name: String = "", _ calls: CallOrder? = nil) {
        self.events = events
        self.name = name
        self.calls = calls
    }

    var records: [EventRecord] { kept.withLock { $0.records } }
    var texts: [String] { kept.withLock { $0.texts } }
    var machines: [ObjectIdentifier] { kept.withLock { $0.machines } }

    func observe(_ record: EventRecord, of machine: any ObservedMachine) {
        let text = Self.text(record, machine)
        kept.withLock { kept in
            kept.records.append(record)
            kept.texts.append(text)
            kept.machines.append(ObjectIdentifier(machine))
        }
        calls?.append(name)
    }

    private static func text(_ record: EventRecord, _ machine: any ObservedMachine) -> String {
        switch record.event {
        case .hart(.trap(let trap)): "\(trap.to.name) takes \(trap.name ?? "?") from \(trap.from.name)"
        case .hart(.trapReturn(let back)): "\(back.from.name) returns to \(back.to.name)"
        case .hart(.csrWrite(let write)): "\(write.address.standIn ?? "?") written"
        case .hart(.deviceAccess(let access)): "\(access.direction) \(machine.deviceName(at: access.address))"
        case .hart(.sample): "sampled"
        case .hart(.translation): "translated"
        case .sbiCall(let call, _): "\(call.target.name) answered"
        case .hypervisorSample: "the hypervisor sampled"
        case .exit(let handled): "exit of \(handled.exit.name)"
        }
    }
}

extension CSRAddress {
    /// The name under which a guest knows a VS CSR.
    fileprivate var standIn: String? { name.map { $0.hasPrefix("vs") ? String($0.dropFirst()) : $0 } }
}
