import Testing

@testable import Machine

@Suite struct SymbolTests {
    @Test(
        arguments: [
            (0x8000_0000, "_start", 0),
            (0x8000_001F, "_start", 0x1F),
            (0x8000_0020, "handler", 0),
            (0x8000_003F, "handler", 0x1F),
            (0x8000_1004, "tohost", 4),
        ] as [(UInt64, String, UInt64)]
    )
    func nearestSymbol(address: UInt64, name: String, offset: UInt64) throws {
        let symbol = try #require(try GuestImageTests.parse(.valid).symbol(at: address))
        #expect(symbol.name == name)
        #expect(symbol.offset == offset)
    }

    @Test(arguments: [0, 0x7FFF_FFFF, 0x8000_0040, 0x8000_1800, .max] as [UInt64])
    func noSymbolOutsideTheProgram(address: UInt64) throws {
        #expect(try GuestImageTests.parse(.valid).symbol(at: address) == nil)
    }

    @Test func lookUpByName() throws {
        let image = try GuestImageTests.parse(.valid)
        #expect(image.address(of: "tohost") == 0x8000_1000)
        #expect(image.address(of: "end_signature") == 0x8000_1800)
        #expect(image.address(of: "fromhost") == nil)
        #expect(image.address(of: "") == nil)
    }

    @Test func functionsWinOverLabelsAndGlobalsOverLocals() throws {
        var elf = ELFBuilder.valid
        elf.symbols = [
            .init(name: "label", value: 0x8000_0000, type: 0),
            .init(name: "static_function", value: 0x8000_0000, isLocal: true),
            .init(name: "function", value: 0x8000_0000),
            .init(name: "object", value: 0x8000_0000, type: 1),
        ]
        #expect(try GuestImageTests.parse(elf).symbol(at: 0x8000_0002)?.name == "function")
    }

    @Test func namesThatSayNothingAreLeftOut() throws {
        var elf = ELFBuilder.valid
        elf.symbols = [
            .init(name: "real", value: 0x8000_0000),
            .init(name: "$x", value: 0x8000_0010, type: 0),
            .init(name: ".Lpcrel_hi0", value: 0x8000_0010, type: 0),
            .init(name: "section", value: 0x8000_0010, type: 3),
            .init(name: "file.c", value: 0x8000_0010, type: 4),
            .init(name: "undefined", value: 0x8000_0010, section: 0),
            .init(name: "", value: 0x8000_0010),
        ]
        let image = try GuestImageTests.parse(elf)
        #expect(image.symbols.count == 1)
        #expect(image.symbol(at: 0x8000_0018).map { $0 == ("real", 0x18) } == true)
    }

    @Test func dynamicSymbolsServeAStrippedProgram() throws {
        var elf = ELFBuilder.valid
        elf.symbolTableType = 11
        #expect(try GuestImageTests.parse(elf).address(of: "tohost") == 0x8000_1000)
    }

    @Test func programsWithoutSymbols() throws {
        var elf = ELFBuilder.valid
        elf.symbols = []
        let image = try GuestImageTests.parse(elf)
        #expect(image.symbols.count == 0)
        #expect(image.symbol(at: 0x8000_0000) == nil)
    }

    @Test func veryLongNamesAreCutOff() throws {
        var elf = ELFBuilder.valid
        elf.symbols = [.init(name: String(repeating: "n", count: 5000), value: 0x8000_0000)]
        #expect(try GuestImageTests.parse(elf).symbol(at: 0x8000_0000)?.name.count == 512)
    }
}
