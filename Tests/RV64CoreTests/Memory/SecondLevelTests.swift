import Platform
import TestSupport
import Testing

@testable import RV64Core

/// What another page has displaced from a bank is still known, until whatever drops a bank's own entries.
@Suite struct SecondLevelTests {
    private static let asid: UInt64 = 7
    private static let vmid: UInt64 = 3
    private static let page: UInt64 = 0x4000_0000

    /// A hart with two banks, of a supervisor and of a guest, neither of which any code is run with.
    private struct Fixture {
        let machine: TestMachine
        var hart: Hart { machine.hart }
        var bank: TLBBank { hart.runState.pointee.data }

        init(_ mode: PrivilegeMode) throws {
            machine = try TestMachine()
            hart.writeCSR(.satp, 8 << 60 | SecondLevelTests.asid << 44 | TestMachine.base >> 12)
            hart.writeCSR(.vsatp, 8 << 60 | SecondLevelTests.asid << 44 | TestMachine.base >> 12)
            hart.writeCSR(.hgatp, 8 << 60 | SecondLevelTests.vmid << 44 | TestMachine.base >> 12)
            machine.state.pointee.mode = mode
            hart.updateContext()
        }

        func enter(
            _ address: UInt64,
            _ granted: PagePermissions = .all,
            page number: Int = 0,
            shift: UInt64 = Page.shift
        ) {
            bank.enter(address, machine.memory.host + number << 12, granted, pageShift: shift)
        }

        /// Enters a page so that only the second level has it.
        func displace(_ address: UInt64, _ granted: PagePermissions = .all, page: Int = 0, shift: UInt64 = Page.shift) {
            let other = SecondLevelTests.neighbour(of: address)
            enter(other)
            enter(address, granted, page: page, shift: shift)
            enter(other)
            #expect(bank.location(of: address, .load) == nil)
        }
    }

    /// Another page of the same place in its bank.
    private static func neighbour(of address: UInt64) -> UInt64 {
        var other = address ^ 1 << 37
        while TLBBank.index(other) != TLBBank.index(address) { other += Page.size }
        return other
    }

    /// A page comes back with the rights that it had, and no others.
    @Test(arguments: [[.read], [.read, .write], [.execute], [.read, .execute], .all] as [PagePermissions])
    func displacedPageComesBack(granted: PagePermissions) throws {
        let fixture = try Fixture(.supervisor)
        for kind in [AccessKind.fetch, .load, .store] {
            fixture.displace(Self.page, granted, page: 5)
            let host = fixture.bank.recall(Self.page + 8, kind)
            guard granted.allows(kind) else {
                #expect(host == nil)
                continue
            }
            #expect(host == fixture.machine.memory.host + 5 << 12 + 8)
            for kind in [AccessKind.fetch, .load, .store] {
                #expect((fixture.bank.location(of: Self.page, kind) != nil) == granted.allows(kind))
            }
        }
    }

    /// What drops a page of a supervisor, and what does not.
    @Test func supervisorFences() throws {
        let fixture = try Fixture(.supervisor)
        func survives(_ fence: TranslationFence) -> Bool {
            fixture.displace(Self.page)
            fixture.hart.perform(fence)
            return fixture.bank.recall(Self.page, .load) != nil
        }
        #expect(!survives(.supervisor(address: nil, asid: nil)))
        #expect(!survives(.supervisor(address: nil, asid: Self.asid)))
        #expect(!survives(.supervisor(address: Self.page + 8, asid: nil)))
        #expect(!survives(.supervisor(address: Self.page, asid: Self.asid)))
        #expect(survives(.supervisor(address: Self.page + Page.size, asid: nil)))
        #expect(survives(.supervisor(address: nil, asid: Self.asid + 1)))
        #expect(survives(.virtualSupervisor(address: nil, asid: nil)))
        #expect(survives(.guest(vmid: nil)))
    }

    @Test func guestFences() throws {
        let fixture = try Fixture(.virtualSupervisor)
        func survives(_ fence: TranslationFence) -> Bool {
            fixture.displace(Self.page)
            fixture.hart.perform(fence)
            return fixture.bank.recall(Self.page, .load) != nil
        }
        #expect(!survives(.virtualSupervisor(address: nil, asid: nil)))
        #expect(!survives(.virtualSupervisor(address: nil, asid: Self.asid)))
        #expect(!survives(.virtualSupervisor(address: Self.page, asid: nil)))
        #expect(!survives(.guest(vmid: nil)))
        #expect(!survives(.guest(vmid: Self.vmid)))
        #expect(survives(.guest(vmid: Self.vmid + 1)))
        #expect(survives(.virtualSupervisor(address: nil, asid: Self.asid + 1)))
        #expect(survives(.virtualSupervisor(address: Self.page + Page.size, asid: nil)))
        #expect(survives(.supervisor(address: nil, asid: nil)))
    }

    /// A fence for any address of a large page drops all that was reached through it, also what came back meanwhile.
    @Test(arguments: [16, 21, 30, 39] as [UInt64])
    func fenceOfALargePage(shift: UInt64) throws {
        let fixture = try Fixture(.supervisor)
        fixture.displace(Self.page, shift: shift)
        let inside = Self.page & ~(1 << shift - 1) | 1 << (shift - 1)
        fixture.hart.perform(.supervisor(address: inside, asid: nil))
        #expect(fixture.bank.recall(Self.page, .load) == nil)
        fixture.displace(Self.page, shift: shift)
        #expect(fixture.bank.recall(Self.page, .load) != nil)
        fixture.hart.perform(.supervisor(address: inside, asid: nil))
        #expect(fixture.bank.location(of: Self.page, .load) == nil)
        #expect(fixture.bank.recall(Self.page, .load) == nil)
    }

    /// Registers that translations depend on.
    @Test(arguments: [.pmpcfg0, .menvcfg, .henvcfg] as [CSRAddress])
    func writtenRegister(_ register: CSRAddress) throws {
        let fixture = try Fixture(.virtualSupervisor)
        fixture.displace(Self.page)
        fixture.hart.writeCSR(register, fixture.hart.readCSR(register) ^ (register == .pmpcfg0 ? 2 : 1 << 61))
        fixture.machine.hart.updateContext()
        #expect(fixture.bank.recall(Self.page, .load) == nil)
    }

    /// Code in a page that is watched: the right to store goes, the others stay. Rights that are given later are as good.
    @Test func revokedRight() throws {
        let fixture = try Fixture(.supervisor)
        fixture.displace(Self.page, page: 9)
        _ = fixture.machine.memory.watch(ofHost: fixture.machine.memory.host + 9 << 12)?.willStore()
        let watch = fixture.hart.watchCode(at: UnsafeRawPointer(fixture.machine.memory.host + 9 << 12))
        #expect(watch?.isGranted == true)
        #expect(fixture.bank.recall(Self.page, .store) == nil)
        #expect(fixture.bank.recall(Self.page, .load) != nil)
        #expect(fixture.bank.location(of: Self.page, .store) == nil)
        fixture.displace(Self.page + Page.size, page: 10)
        #expect(fixture.bank.recall(Self.page + Page.size, .store) != nil)
    }

    /// A bank that another context takes over, and one that is saved.
    @Test func forgottenBank() throws {
        let fixture = try Fixture(.supervisor)
        fixture.displace(Self.page)
        let entries = fixture.bank.entries
        for asid in UInt64(100)..<UInt64(100 + TLB.bankCount) {
            fixture.hart.writeCSR(.satp, 8 << 60 | asid << 44 | TestMachine.base >> 12)
            fixture.hart.updateContext()
            if fixture.bank.entries == entries { #expect(fixture.bank.recall(Self.page, .load) == nil) }
        }
        fixture.displace(Self.page)
        fixture.hart.area.forgetTranslations()
        fixture.hart.updateContext()
        #expect(fixture.bank.recall(Self.page, .load) == nil)
    }

    /// More fences than there are keys: nothing stale comes back, and all is lost only where they begin anew.
    @Test func keysComeAgain() throws {
        let fixture = try Fixture(.supervisor)
        var random = SplitMix64(seed: 11)
        var stale: [UInt64] = []
        var lost = 0
        for _ in 0..<5000 {
            let address = Self.page | random.next() & 0x3F_F000
            for old in stale where old != address { #expect(fixture.bank.recall(old, .load) == nil) }
            fixture.displace(address, page: Int(random.next() & 0xFF))
            if fixture.bank.recall(address, .load) == nil { lost += 1 }
            stale = Array((stale + [address]).suffix(8))
            fixture.hart.perform(.supervisor(address: nil, asid: nil))
        }
        #expect((1...5).contains(lost))
    }
}
