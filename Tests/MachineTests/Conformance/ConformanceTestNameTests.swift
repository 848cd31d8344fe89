import RV64Core
import Testing

@testable import Machine

@Suite struct ConformanceTestNameTests {
    private static let rows: [(name: String, folder: String, group: String, needs: ExtensionSet, unknown: String?)] = [
        ("rv64ui-p-add", "isa", "rv64ui", [], nil),
        ("rv64uf-v-fmin", "isa", "rv64uf", [.f], nil),
        ("rv64uzba-p-sh1add", "isa", "rv64uzba", [.zba], nil),
        ("rv64ssvnapot-p-napot", "isa", "rv64ssvnapot", [.svnapot], nil),
        ("rv64mzicbo-p-zero", "isa", "rv64mzicbo", [.zicboz], nil),
        ("rv64mi-p-csr", "isa", "rv64mi", [], nil),
        ("rv64uziccid-v-ziccid", "isa", "rv64uziccid", [], nil),
        ("hypervisor-svadu-p-2-stage_translation", "isa", "hypervisor-svadu", [.h, .svadu], nil),
        ("rv64i_m/D_Zfa/src/fli.d_b1-01.S/dut/my.elf", "work", "rv64i_m/D_Zfa", [.d, .zfa], nil),
        ("Zicond/src/czero.eqz-01.elf", "rv64i_m", "rv64i_m/Zicond", [.zicond], nil),
        ("rv64i_m/Zfinx/fadd.elf", "work", "rv64i_m/Zfinx", [], "zfinx"),
        ("rv64i_m/privilege/ecall.elf", "work", "rv64i_m/privilege", [], nil),
        ("deep/er/20000112-1.O2", "torture", "er", [], nil),
        ("20000112-1.O2", "torture", "torture", [], nil),
    ]

    @Test(arguments: rows)
    func groupAndNeeds(
        row: (name: String, folder: String, group: String, needs: ExtensionSet, unknown: String?)
    ) {
        let test = ConformanceTest(path: "/x/" + row.name, name: row.name, folder: row.folder)
        #expect(test.group == row.group)
        #expect(test.needs == row.needs)
        #expect(test.unknownNeed == row.unknown)
    }
}
