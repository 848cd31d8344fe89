import Testing

@testable import RV64Core

/// The rows of the CSR listing, as a whole.
@Suite struct CSRTableTests {
    @Test func noNumberTwice() {
        var seen: Set<UInt16> = []
        for row in CSRTable.rows {
            for number in row.addresses.lowerBound.rawValue...row.addresses.upperBound.rawValue {
                #expect(seen.insert(number).inserted, "\(String(number, radix: 16))")
            }
        }
    }

    /// The substitutes are rows of their own, where the access check looks for them. norm:H_vscsrs_sub
    @Test func substitutes() throws {
        var substitutes: Set<CSRAddress> = []
        for row in CSRTable.rows {
            guard let substitute = row.virtualSubstitute else { continue }
            let address = row.addresses.lowerBound
            #expect(address.level == .supervisor)
            #expect(substitute == address.virtualSubstitute)
            let other = try #require(substitute.row)
            #expect(substitute.level == .hypervisor)
            #expect(other.name(of: substitute) == "v" + row.name(of: address))
            #expect(other.presence == row.presence)
            substitutes.insert(substitute)
        }
        let virtual = (UInt16(0x200)..<0x300).map { CSRAddress($0) }.filter(\.isImplemented)
        #expect(substitutes == Set(virtual))
    }

    /// What a hart's check asks is what the rows say.
    @Test(arguments: [ISAConfiguration.implemented, [.i, .zicsr], privilegedExtensions])
    func directory(extensions: ExtensionSet) {
        let directory = CSRDirectory(extensions)
        for number in UInt16(0)..<0x1000 {
            let address = CSRAddress(number)
            let exists = address.row?.exists(address, with: extensions) ?? false
            #expect(directory[address].gate == (exists ? address.row?.gate : nil))
            if exists {
                #expect(directory[address].effectiveAddress(address) == address.row?.virtualSubstitute ?? address)
            }
        }
    }

    /// A look changes nothing: not the source of entropy, not a bit of the state. norm:seed_wipe_on_read
    @Test func peeking() throws {
        let source = EntropySource {
            Issue.record("polled")
            return 1
        }
        let test = try TestHart(ISAConfiguration.implemented.closure, entropy: source)
        test.openAllGates()
        test.hart.writeCSR(.mhpmevent3, HardwareEvent.cycles.selector)
        test.hart.writeCSR(.mhpmcounter3, ~0)
        test.state.pointee.retired += 5
        func bytes() -> [UInt8] { withUnsafeBytes(of: test.state.pointee) { Array($0) } }
        let before = bytes()
        for number in UInt16(0)..<0x1000 {
            let address = CSRAddress(number)
            let value = test.hart.peekCSR(address)
            if address != .seed { #expect(test.hart.readCSR(address) == value) }
        }
        #expect(bytes() == before)
        #expect(test.hart.peekCSR(.seed) == EntropyStatus.wait)
    }
}
