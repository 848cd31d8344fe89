import Glibc
import Testing

@testable import Machine

@Suite struct LoaderErrorTests {
    /// Expects one line that begins with the file's name and says `message`.
    private func expect(
        _ elf: ELFBuilder,
        _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect(elf.bytes(), message, sourceLocation: sourceLocation)
    }

    private func expect(
        _ bytes: [UInt8],
        _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = #expect(throws: LoaderError.self, sourceLocation: sourceLocation) {
            try GuestImage.parse(FileContents(bytes), name: "g", ram: GuestImageTests.ram)
        }
        let text = try #require(error).description
        #expect(text == "g: " + message, sourceLocation: sourceLocation)
        #expect(!text.contains("\n"), sourceLocation: sourceLocation)
    }

    private func changed(_ change: (inout ELFBuilder) -> Void) -> ELFBuilder {
        var elf = ELFBuilder.valid
        change(&elf)
        return elf
    }

    @Test(
        arguments: [
            (Array("hello".utf8), "check that it is the guest's program"),
            ([0x7F, 0x45], "check that it is the guest's program"),
            ([0x1F, 0x8B, 8, 0], "it is compressed; unpack it with gunzip first"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "it is compressed; unpack it with unxz first"),
            ([0x28, 0xB5, 0x2F, 0xFD], "it is compressed; unpack it with unzstd first"),
            (Array("BZh9".utf8), "it is compressed; unpack it with bunzip2 first"),
            ([0x04, 0x22, 0x4D, 0x18], "it is compressed; unpack it with unlz4 first"),
            (Array("MZ\0\0zimg".utf8), "it is a compressed EFI kernel; take the Image inside it"),
            ([0x27, 0x05, 0x19, 0x56], "it is a U-Boot image; take the kernel inside it"),
            (Array("!<arch>\n".utf8), "it is an archive of object files; link it"),
            ([0xD0, 0x0D, 0xFE, 0xED], "it is a device tree; rvhv makes its own"),
            (Array("#!/bin/sh\n".utf8), "it is a script; name the program it builds"),
        ] as [([UInt8], String)]
    )
    func otherFormats(bytes: [UInt8], advice: String) throws {
        try expect(bytes, "is neither an ELF file nor a RISC-V Linux Image: \(advice)")
    }

    @Test func otherKindsOfELF() throws {
        try expect(
            changed { $0.fileClass = 1 },
            "is a 32-bit ELF, and guests are 64-bit; build it for riscv64"
        )
        try expect(
            changed { $0.dataEncoding = 2 },
            "is a big-endian ELF, and guests are little-endian; build it for riscv64"
        )
        try expect(
            changed { $0.machine = 62 },
            "is an ELF for x86-64, not for RISC-V; build it for riscv64"
        )
        try expect(
            changed { $0.machine = 183 },
            "is an ELF for 64-bit Arm (AArch64), not for RISC-V; build it for riscv64"
        )
        try expect(
            changed { $0.machine = 9999 },
            "is an ELF for machine number 9999, not for RISC-V; build it for riscv64"
        )
        try expect(
            changed { $0.type = 1 },
            "is an object file (ET_REL), and a guest is a linked program (ET_EXEC or ET_DYN); link it"
        )
        try expect(
            changed { $0.type = 4 },
            "is a core dump (ET_CORE), and a guest is a linked program (ET_EXEC or ET_DYN); link it"
        )
    }

    @Test func damagedHeaders() throws {
        let damaged = "in its header; the file is damaged, build it again"
        try expect(changed { $0.fileClass = 7 }, "has an impossible EI_CLASS of 7 \(damaged)")
        try expect(changed { $0.dataEncoding = 0 }, "has an impossible EI_DATA of 0 \(damaged)")
        try expect(changed { $0.version = 2 }, "has an impossible EI_VERSION of 2 \(damaged)")
        try expect(changed { $0.headerSize = 52 }, "has an impossible e_ehsize of 52 \(damaged)")
        try expect(changed { $0.programHeaderSize = 32 }, "has an impossible e_phentsize of 32 \(damaged)")
        try expect(changed { $0.sectionHeaderSize = 40 }, "has an impossible e_shentsize of 40 \(damaged)")
    }

    @Test func truncation() throws {
        let bytes = ELFBuilder.valid.bytes()
        try expect(
            Array(bytes.prefix(40)),
            "is truncated: the header should end at byte 64, and the file has 40; build or download it again"
        )
        try expect(
            Array(bytes.prefix(100)),
            "is truncated: program headers should end at byte 176, and the file has 100; build or download it again"
        )
        try expect(
            Array(bytes.dropLast()),
            "is truncated: section headers should end at byte \(bytes.count), and the file has \(bytes.count - 1); "
                + "build or download it again"
        )
        try expect(
            changed { $0.segments[1].fileSize = 0x700 },
            "is truncated: segment 1 should end at byte 2032, and the file has 600; build or download it again"
        )
        try expect(
            changed { $0.programHeaderOffset = .max },
            "is truncated: program headers should end at byte 18446744073709551615, and the file has 600; "
                + "build or download it again"
        )
    }

    @Test func everyTruncationIsAnError() {
        let bytes = ELFBuilder.valid.bytes()
        for count in 0..<bytes.count {
            #expect(throws: LoaderError.self) {
                try GuestImage.parse(
                    FileContents(Array(bytes.prefix(count))),
                    name: "g",
                    ram: GuestImageTests.ram
                )
            }
        }
    }

    /// A count of zero stands for none, or for the size of section 0.
    @Test func sectionsBeyondTheField() throws {
        var elf = ELFBuilder.valid
        let bytes = elf.bytes()
        let count = try #require(bytes[60...61].first)
        let table = bytes.count - Int(count) * 64
        elf.sectionHeaderCount = 0
        let none = try GuestImage.parse(FileContents(elf.bytes()), name: "g", ram: GuestImageTests.ram)
        #expect(none.symbols.count == 0)
        var extended = elf.bytes()
        extended.replaceSubrange(table + 32..<table + 40, with: ELFBuilder.double(UInt64(count)))
        let all = try GuestImage.parse(FileContents(extended), name: "g", ram: GuestImageTests.ram)
        #expect(try GuestImageTests.parse(.valid).symbols.count == all.symbols.count)
        extended.replaceSubrange(table + 32..<table + 40, with: ELFBuilder.double(.max))
        try expect(
            extended,
            "claims 18446744073709551615 section headers, and the limit is 1048576; the file is damaged, build it again"
        )
        // The table begins behind the end of the file: there is no section 0.
        elf.sectionHeaderOffset = .max
        #expect(try GuestImage.parse(FileContents(elf.bytes()), name: "g", ram: GuestImageTests.ram).symbols.count == 0)
    }

    @Test func absurdCounts() throws {
        try expect(
            changed { $0.programHeaderCount = 0xFFFF },
            "claims 65535 program headers, and the limit is 256; the file is damaged, build it again"
        )
        try expect(
            changed { $0.sectionHeaderCount = 0xFF00 },
            "is truncated: section headers should end at byte 4178328, and the file has 600; "
                + "build or download it again"
        )
    }

    @Test func nothingToLoad() throws {
        let message = "has no PT_LOAD segment with any memory, so there is nothing to run; link it as a program"
        try expect(changed { $0.segments = [] }, message)
        try expect(changed { $0.segments = [.init(0x8000_0000)] }, message)
        try expect(
            changed { elf in for index in elf.segments.indices { elf.segments[index].type = 4 } },
            message
        )
    }

    @Test func segmentSizes() throws {
        try expect(
            changed { $0.segments[1].memorySize = 2 },
            "segment 1 has 4 bytes in the file for 2 bytes of memory; the file is damaged, build it again"
        )
    }

    @Test func wrapping() throws {
        let message = "runs past the end of the address space; correct the linker script"
        try expect(
            changed { $0.segments[1].memorySize = .max },
            "segment 1 at 0x80001000 with 0xffffffffffffffff bytes \(message)"
        )
        try expect(
            changed { $0.segments[0].virtual = 0xFFFF_FFFF_FFFF_FFF0 },
            "segment 0 at 0xfffffffffffffff0 with 0x40 bytes \(message)"
        )
    }

    @Test func overlapping() throws {
        try expect(
            changed { $0.segments[0].memorySize = 0x1001 },
            "segments 0 and 1 overlap at 0x80001000; correct the linker script"
        )
        try expect(
            changed { $0.segments.append(.init(0x8000_0000, contents: [1])) },
            "segments 0 and 2 overlap at 0x80000000; correct the linker script"
        )
        try expect(
            changed { $0.segments.append(.init(0x8000_1100, memorySize: 1)) },
            "segments 1 and 2 overlap at 0x80001100; correct the linker script"
        )
    }

    @Test func outsideRAM() throws {
        let ram = "RAM [0x80000000, 0x88000000)"
        try expect(
            changed { $0.segments[0] = .init(0x1000, contents: [1]) },
            "segment 0 at [0x1000, 0x1001) is outside \(ram); link it for RAM, which begins at 0x80000000"
        )
        try expect(
            changed { $0.segments[1].physical = 0x9000_0000 },
            "segment 1 at [0x90000000, 0x90000800) is outside \(ram); give the guest --memory 257M or more"
        )
        try expect(
            changed { $0.segments[1].memorySize = 0x1000_0000 },
            "segment 1 at [0x80001000, 0x90001000) is outside \(ram); give the guest --memory 257M or more"
        )
        try expect(
            changed { $0.segments[1].physical = 1 << 60 },
            "segment 1 at [0x1000000000000000, 0x1000000000000800) is outside \(ram); "
                + "link it for RAM, which begins at 0x80000000"
        )
    }

    @Test func entryPoints() throws {
        try expect(
            changed { $0.entry = 0x8000_0800 },
            "the entry point 0x80000800 is in none of its segments; give the linker the right entry symbol"
        )
        try expect(
            changed { $0.entry = 0 },
            "the entry point 0x0 is outside RAM [0x80000000, 0x88000000); "
                + "link it for RAM, which begins at 0x80000000"
        )
        try expect(
            changed { $0.entry = 0x8000_0001 },
            "the entry point 0x80000001 is odd, and instructions are 2-byte aligned; the file is damaged"
        )
    }
}

// MARK: - Files

extension LoaderErrorTests {
    /// A directory of the test's own, removed with what is in it.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/rvhv-loader-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer {
            unlink(directory + "/file")
            rmdir(directory)
        }
        try body(directory)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    private func message(_ path: String) -> String? {
        do {
            _ = try GuestImage.load(path: path, ram: GuestImageTests.ram)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func loadsAFile() throws {
        try withDirectory { directory in
            try write(ELFBuilder.valid.bytes(), to: directory + "/file")
            let image = try GuestImage.load(path: directory + "/file", ram: GuestImageTests.ram)
            #expect(image.entry == 0x8000_0000)
        }
    }

    @Test func filesThatAreNone() throws {
        try withDirectory { directory in
            let path = directory + "/file"
            #expect(
                message(path) == "\(path): no such file; check the path, or build the guests with 'make guests'"
            )
            #expect(message(directory) == "\(directory): is a directory; name the file inside it")
            #expect(message("") == ": no such file; check the path, or build the guests with 'make guests'")
            try write([], to: path)
            #expect(message(path) == "\(path): is empty; build or download it again")
            #expect(message(path + "/below")?.contains("no such file") == true)
            unlink(path)
            #expect(mkfifo(path, 0o600) == 0)
            #expect(message(path) == "\(path): is not a regular file; copy its contents into one first")
            unlink(path)
            #expect(symlink(path, path) == 0)
            #expect(message(path) == "\(path): cannot be read: Too many levels of symbolic links")
        }
        #expect(message("/dev/zero") == "/dev/zero: is not a regular file; copy its contents into one first")
    }

    @Test func filesBeyondTheLimit() throws {
        try withDirectory { directory in
            let path = directory + "/file"
            try write([1], to: path)
            #expect(truncate(path, 3 << 30) == 0)
            #expect(
                message(path) == "\(path): is 3072 MiB, and the limit is 2048 MiB; strip its debug information"
            )
        }
    }

    @Test func namesWithControlCharactersStayOnOneLine() {
        let error = LoaderError(file: "a\nb\u{1B}[31mc\u{2028}d", reason: .file(.empty))
        #expect(error.description == "a?b?[31mc?d: is empty; build or download it again")
    }

    @Test(arguments: [FileContents.Reading.now, .asNeeded]) func anInitrdIsReadAsItIs(_ reading: FileContents.Reading)
        throws
    {
        try withDirectory { directory in
            try write([1, 2, 3], to: directory + "/file")
            let initrd = try FileContents.read(path: directory + "/file", reading)
            #expect(initrd.count == 3)
            let memory = RecordingMemory()
            #expect(try initrd.copy(to: 0x1000, in: memory))
            #expect(memory.contents == [0x1000: [1, 2, 3]])
        }
    }

    /// Nothing of the file is kept but its descriptor: another file in its place changes nothing, and one that has
    /// become shorter is found out.
    @Test func aProgramComesFromItsFileAgain() throws {
        try withDirectory { directory in
            let path = directory + "/file"
            let bytes = ELFBuilder.valid.bytes()
            try write(bytes, to: path)
            let image = try GuestImage.load(path: path, ram: GuestImageTests.ram)
            let other = try GuestImage.load(path: path, ram: GuestImageTests.ram)
            #expect(image.file.withUnsafeBytes { $0.isEmpty }, "its bytes are given up")
            #expect(truncate(path, off_t(bytes.count - 1)) == 0)
            let first = RecordingMemory()
            #expect(try image.copy(into: first), "the symbols at the end are not loaded")
            #expect(first.contents == [0x8000_0000: Array(repeating: 0x13, count: 64), 0x8000_1000: [1, 2, 3, 4]])
            #expect(truncate(path, 100) == 0)
            #expect(try image.copy(into: RecordingMemory()) == false)
            unlink(path)
            try write(bytes, to: path)
            #expect(try other.copy(into: RecordingMemory()) == false, "the name leads to another file now")
        }
    }
}
