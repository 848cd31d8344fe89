import RV64Core

/// What `--help` prints, made from `OptionTable`.
enum HelpText {
    private static let width = 96
    private static let indentation = 2

    static let version = "rvhv 0.1.0"

    static func text(for command: Subcommand) -> String {
        let rows = OptionTable.rows(of: command)
        var lines = introduction(command)
        for group in OptionRow.Group.allCases {
            let members = rows.filter { $0.group == group }
            if members.isEmpty { continue }
            lines += ["", heading(group, command) + ":"]
            lines += table(members.map { ($0.usage, $0.summary) })
        }
        return (lines + closing(command)).joined(separator: "\n") + "\n"
    }

    /// What `--isa` takes: `--isa help` prints it.
    static let isa: String = {
        let optional = MachineCommand.defaultISA.extensions
        let extensions = ISAConfiguration.full.extensions.members.map { member in
            let mark = optional.contains(member) ? "" : " (only where --isa names it)"
            return (member.name, (member.summary ?? "") + mark)
        }
        let lines =
            [
                "--isa takes rv64 and letters, then names after underscores: rv64gc_zba_zbb. In place of rv64 and the",
                "letters a profile may stand: rva22s64_zfh. g is imafd_zicsr_zifencei. Case and versions do not matter.",
                "Without --isa the plain machine has everything below.",
                "",
                "Extensions:",
            ] + table(extensions) + ["", "Profiles:"] + table(ISAProfile.allCases.map { ($0.rawValue, $0.summary) })
        return lines.joined(separator: "\n") + "\n"
    }()

    private static func introduction(_ command: Subcommand) -> [String] {
        switch command {
        case .run:
            [
                "rvhv runs RISC-V guests, each in VS-mode behind its own G-stage tables.",
                "",
                "usage: rvhv [options] GUEST [options] [GUEST [options] ...]",
                "       rvhv machine [options] PROGRAM",
                "       rvhv conform [options] PATH...",
                "",
                "A GUEST is an ELF file for RV64 or a Linux Image. Options take --name VALUE or --name=VALUE;",
                "after -- everything is a guest.",
            ]
        case .machine:
            [
                "rvhv machine runs one program on the plain machine: it starts in M-mode and nothing is hosted.",
                "",
                "usage: rvhv machine [options] PROGRAM",
                "",
                "A PROGRAM is an ELF file for RV64: firmware, a test, a hypervisor. --load takes other files.",
            ]
        case .conform:
            [
                "rvhv conform runs the test programs of an ISA suite, each on a plain machine of its own.",
                "",
                "usage: rvhv conform [options] PATH...",
                "",
                "A PATH is an ELF file or a folder of them. A test ends through HTIF (tohost) or the finisher;",
                "with --reference its signature is compared too.",
            ]
        }
    }

    private static func heading(_ group: OptionRow.Group, _ command: Subcommand) -> String {
        group == .guest && command != .run ? "Machine options" : group.rawValue
    }

    private static func closing(_ command: Subcommand) -> [String] {
        var lines: [String] = []
        if command != .conform {
            lines += ["", "Keys, when standard input is a terminal:"] + table(KeyCommand.table)
        }
        lines += ["", "Examples:"] + examples(command).map { "  " + $0 }
        if command == .conform {
            lines += ["", "Exit status: 0 when no test failed, 1 otherwise, 2 for errors of usage."]
        } else {
            lines += ["", "Exit status: 0 when all ended cleanly, a guest's own failure code otherwise,"]
            lines += ["1 when rvhv could not do its work, 2 for errors of usage."]
        }
        return lines
    }

    private static func examples(_ command: Subcommand) -> [String] {
        switch command {
        case .run:
            [
                "rvhv guests/linux.elf guests/bare.elf",
                "rvhv --memory 64M guests/linux.elf --memory 1G --harts 4 guests/bare.elf",
                "rvhv Image --initrd initramfs.cpio --append 'quiet'",
                "rvhv --trace traps --log traps.txt guests/bare.elf",
                "rvhv --clock instructions --stats=json guests/bare.elf",
                "printf 'uname -m\\npoweroff -f\\n' | rvhv guests/linux.elf",
            ]
        case .machine:
            [
                "rvhv machine --max-instructions 1000000 rv64ui-p-add",
                "rvhv machine --harts 2 --memory 1G fw_jump.elf --kernel Image --append 'console=ttyS0'",
                "rvhv machine --load fw.bin@0x80000000 --load payload.bin@0x80200000 --ram 0x100000000,1G",
                "rvhv machine --signature add.signature --signature-granularity 4 add.elf",
            ]
        case .conform:
            [
                "rvhv conform riscv-tests/isa",
                "rvhv conform --isa rv64gc_zba_zbb --filter rv64uzb --junit results.xml riscv-tests/isa",
                "rvhv conform --reference spike-signatures arch-test-elfs",
            ]
        }
    }

    /// Two columns; a long summary goes on in its own column.
    private static func table(_ rows: [(String, String)]) -> [String] {
        let left = (rows.map(\.0.count).max() ?? 0) + indentation + 2
        return rows.flatMap { usage, summary in
            wrap(summary, to: width - left).enumerated().map { index, line in
                let first = index == 0 ? String(repeating: " ", count: indentation) + usage : ""
                return first.padded(to: left) + line
            }
        }
    }

    private static func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}
