import Testing

@testable import RV64Core

/// Each extension by itself: what is there with it is not there without it.
@Suite struct ExtensionPresenceTests {
    /// Instructions, and the extensions of which one brings them.
    private static let instructions: [(Opcode, ExtensionSet)] = [
        (.mul, [.zmmul]), (.div, [.m]), (.remuw, [.m]), (.lrW, [.zalrsc]), (.scD, [.zalrsc]), (.amoaddW, [.zaamo]),
        (.amomaxuD, [.zaamo]), (.amoaddB, [.zabha]), (.amominuH, [.zabha]), (.amocasW, [.zacas]), (.amocasD, [.zacas]),
        (.amocasQ, [.zacas]), (.lbAq, [.zalasr]), (.ldAq, [.zalasr]), (.sbRl, [.zalasr]), (.swRl, [.zalasr]),
        (.wrsNto, [.zawrs]), (.wrsSto, [.zawrs]), (.fenceI, [.zifencei]), (.csrrw, [.zicsr]),
        (.csrrci, [.zicsr]), (.flw, [.f]), (.faddS, [.f]), (.fcvtLuS, [.f]), (.fsd, [.d]), (.faddD, [.d]),
        (.fcvtSD, [.d]), (.fmvXD, [.d]), (.flh, [.zfhmin]), (.fcvtSH, [.zfhmin]), (.fmvXH, [.zfhmin]), (.faddH, [.zfh]),
        (.fcvtLH, [.zfh]), (.fclassH, [.zfh]), (.fliS, [.zfa]), (.froundD, [.zfa]), (.fcvtmodWD, [.zfa]),
        (.fleqS, [.zfa]), (.czeroEqz, [.zicond]), (.czeroNez, [.zicond]), (.mopR, [.zimop]), (.mopRr, [.zimop]),
        (.cboClean, [.zicbom]), (.cboFlush, [.zicbom]), (.cboInval, [.zicbom]), (.cboZero, [.zicboz]), (.addUw, [.zba]),
        (.sh3add, [.zba]), (.sh1addUw, [.zba]), (.slliUw, [.zba]), (.clz, [.zbb]), (.cpopw, [.zbb]), (.maxu, [.zbb]),
        (.orcB, [.zbb]), (.sextB, [.zbb]), (.andn, [.zbb, .zbkb]), (.orn, [.zbb, .zbkb]), (.xnor, [.zbb, .zbkb]),
        (.rol, [.zbb, .zbkb]), (.rorw, [.zbb, .zbkb]), (.rori, [.zbb, .zbkb]), (.rev8, [.zbb, .zbkb]), (.pack, [.zbkb]),
        (.packh, [.zbkb]), (.brev8, [.zbkb]), (.clmul, [.zbc, .zbkc]), (.clmulh, [.zbc, .zbkc]), (.clmulr, [.zbc]),
        (.xperm4, [.zbkx]), (.xperm8, [.zbkx]), (.bset, [.zbs]), (.bexti, [.zbs]), (.aes64ds, [.zknd]),
        (.aes64im, [.zknd]), (.aes64esm, [.zkne]), (.aes64ks1i, [.zknd, .zkne]), (.aes64ks2, [.zknd, .zkne]),
        (.sha256sum0, [.zknh]), (.sha512sig1, [.zknh]), (.mnret, [.smrnmi]), (.sinvalVma, [.svinval]),
        (.sfenceInvalIr, [.svinval]), (.hlvD, [.h]), (.hlvxHu, [.h]), (.hsvB, [.h]), (.hfenceGvma, [.h]),
        (.hfenceVvma, [.h]), (.hinvalGvma, [.h]), (.hinvalGvma, [.svinval]), (.fcvtHD, [.d]), (.fliH, [.zfh]),
        (.fminmD, [.d]), (.amocasB, [.zabha]), (.amocasH, [.zacas]),
    ]

    /// norm:Zmmul_misa_m
    @Test(arguments: instructions)
    func instruction(opcode: Opcode, providers: ExtensionSet) throws {
        let word = ProgramBuilder.encode(opcode, rd: .a0, rs1: .a2, rs2: .a4)
        #expect(Decoder(extensions: ISAConfiguration.implemented).decode(word).opcode == opcode)
        let others = Self.all(without: providers)
        #expect(Decoder(extensions: others).decode(word).opcode == .illegal)
        for provider in providers.members where Self.all(without: providers.subtracting([provider])).contains(provider)
        {
            let extensions = Self.all(without: providers.subtracting([provider]))
            #expect(Decoder(extensions: extensions).decode(word).opcode == opcode, "with \(provider)")
        }
        let machine = try TestMachine(extensions: others)
        machine.load { $0.word(word) }
        machine.run(.machine, at: TestMachine.base)
        #expect(machine.state.pointee.mcause == ExceptionCause.illegalInstruction.rawValue)
        #expect(machine.state.pointee.mtval == UInt64(word))
    }

    /// 16-bit instructions, and all the extensions that they need.
    private static let compressed: [(String, UInt16, ExtensionSet)] = [
        ("c.addi", 0x0505, [.zca]), ("c.ld", 0x6108, [.zca]), ("c.jr", 0x8082, [.zca]), ("c.fld", 0x2108, [.zcd]),
        ("c.fsdsp", 0xA02A, [.zcd]), ("c.fldsp", 0x2502, [.d]), ("c.lbu", 0x8108, [.zcb]), ("c.lh", 0x8548, [.zcb]),
        ("c.sb", 0x8908, [.zcb]), ("c.not", 0x9D75, [.zcb]), ("c.zext.b", 0x9D61, [.zcb]),
        ("c.mul", 0x9D49, [.zcb, .zmmul]), ("c.sext.b", 0x9D65, [.zcb, .zbb]), ("c.zext.h", 0x9D69, [.zcb, .zbb]),
        ("c.sext.h", 0x9D6D, [.zcb, .zbb]), ("c.zext.w", 0x9D71, [.zcb, .zba]), ("c.mop.1", 0x6081, [.zcmop]),
        ("c.mop.15", 0x6781, [.zcmop]),
    ]

    @Test(arguments: compressed)
    func compressedInstruction(name: String, half: UInt16, needed: ExtensionSet) throws {
        #expect(Decoder(extensions: ISAConfiguration.implemented).decode(UInt32(half)).opcode != .illegal)
        for member in needed.members {
            let others = Self.all(without: [member])
            #expect(Decoder(extensions: others).decode(UInt32(half)).opcode == .illegal, "without \(member)")
            let machine = try TestMachine(extensions: others)
            machine.load { $0.half(half) }
            machine.run(.machine, at: TestMachine.base)
            #expect(machine.state.pointee.mcause == ExceptionCause.illegalInstruction.rawValue)
            #expect(machine.state.pointee.mtval == UInt64(half))
        }
    }

    /// Fields that only an extension brings.
    private static let fields: [(ISAExtension, CSRAddress, UInt64)] = [
        (.m, .misa, 1 << 12), (.a, .misa, 1 << 0), (.f, .misa, 1 << 5), (.d, .misa, 1 << 3), (.c, .misa, 1 << 2),
        (.b, .misa, 1 << 1), (.h, .misa, 1 << 7), (.svadu, .menvcfg, 1 << 61), (.svpbmt, .menvcfg, 1 << 62),
        (.sstc, .menvcfg, 1 << 63), (.smcdeleg, .menvcfg, 1 << 60), (.ssdbltrp, .menvcfg, 1 << 59),
        (.smnpm, .menvcfg, 3 << 32),
        (.zicbom, .menvcfg, 7 << 4), (.zicboz, .menvcfg, 1 << 7), (.zicbom, .senvcfg, 7 << 4),
        (.zicboz, .senvcfg, 1 << 7), (.ssnpm, .senvcfg, 3 << 32), (.svadu, .henvcfg, 1 << 61),
        (.svpbmt, .henvcfg, 1 << 62), (.sstc, .henvcfg, 1 << 63), (.ssdbltrp, .henvcfg, 1 << 59),
        (.ssnpm, .henvcfg, 3 << 32), (.zicbom, .henvcfg, 7 << 4), (.zicboz, .henvcfg, 1 << 7),
        (.ssnpm, .hstatus, 3 << 48), (.smmpm, .mseccfg, 3 << 32), (.smepmp, .mseccfg, 7), (.zkr, .mseccfg, 3 << 8),
        (.h, .mstatus, 3 << 38), (.ssdbltrp, .mstatus, 1 << 24), (.smdbltrp, .mstatus, 1 << 42),
        (.f, .mstatus, 3 << 13), (.h, .medeleg, 0xF0_0400), (.h, .mideleg, 0x1444), (.h, .mie, 0x1444),
        (.sscofpmf, .mie, 1 << 13), (.sscofpmf, .mideleg, 1 << 13), (.sscofpmf, .mip, 1 << 13),
        (.sscofpmf, .mhpmevent3, 0xFC << 56), (.shlcofideleg, .hideleg, 1 << 13), (.smcntrpmf, .mcyclecfg, 0x7C << 56),
        (.ssstateen, .hstateen0, 1 << 63), (.smstateen, .mstateen0, 1 << 63), (.sscsrind, .mstateen0, 1 << 60),
        (.sscsrind, .hstateen0, 1 << 60), (.smcsrind, .miselect, 0xFFF), (.sscsrind, .siselect, 0xFFF),
        (.sscsrind, .vsiselect, 0xFFF),
    ]

    /// norm:menvcfg_pbmte_rdonly0 norm:menvcfg_adue_rdonly0 norm:menvcfg_stce_rdonly0 norm:menvcfg_cbze_rdonly0
    /// norm:menvcfg_cbcfe_rdonly0 norm:menvcfg_stce_op1 norm:menvcfg_sz_acc norm:mseccfg_rlb_mmwp_mml_presence
    /// norm:mseccfg_sseed_useed_presence norm:mseccfg_sz_acc norm:mstatus_mdt_sz_warl norm:medeleg_sz_acc
    /// norm:mideleg_sz_acc norm:medeleg_mideleg_mandatory_S_mode
    /// norm:misa_m_op norm:misa_extensions_enc_txt norm:mstatus_fs_rdonly0_s_no_f norm:mstatus_fs_acc1
    /// norm:misa_extensions_enc_tbl norm:misa_extensions_rst1 norm:mip_lcofip_mie_lcofie_rdonly0 norm:menvcfg_pmm_rdonly0
    /// norm:menvcfg_cde_rdonly0
    @Test(arguments: fields)
    func field(provider: ISAExtension, address: CSRAddress, mask: UInt64) throws {
        func value(_ extensions: ExtensionSet) throws -> UInt64 {
            let test = try TestHart(extensions)
            test.openAllGates()
            test.hart.writeCSR(.mideleg, ~0)
            test.state.pointee.mstatus[.fs] = ContextStatus.off
            test.hart.writeCSR(address, ~0)
            return test.hart.readCSR(address) & mask
        }
        #expect(try value(ISAConfiguration.implemented.closure) == mask)
        let others = Self.all(without: [provider])
        let exists = address.row?.exists(address, with: others) ?? false
        if exists { #expect(try value(others) == 0) }
    }

    /// Everything implemented but these, what brings them and what needs them.
    private static func all(without absent: ExtensionSet) -> ExtensionSet {
        var rest = ISAConfiguration.implemented
        // Their parts bring these back.
        if absent.contains(.zcd) { rest.remove(.c) }
        if absent.contains(.b) { rest.remove(.zbb) }
        var previous: ExtensionSet
        repeat {
            previous = rest
            for member in previous.members {
                let brings = ExtensionSet([member]).closure
                let lacks = !rest.isSuperset(of: member.required)
                if lacks || absent.members.contains(where: brings.contains) { rest.remove(member) }
            }
        } while rest != previous
        return rest.closure
    }
}
