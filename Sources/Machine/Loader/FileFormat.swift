extension LoaderError {
    /// What a file that is neither an ELF nor a Linux `Image` looks like; decides the advice, nothing else.
    package enum FileFormat: Equatable, Sendable {
        case gzip, xz, zstd, bzip2, lz4
        case compressedEFIImage
        case uBootImage
        case archive
        case deviceTree
        case script
        case unknown

        /// Told from the first bytes.
        init(of file: FileContents) {
            let first = file.load(UInt32.self, at: 0) ?? 0
            switch first {
            // The EFI "zboot" wrapper: a PE file whose second word says so.
            case let word where word & 0xFFFF == 0x5A4D && file.load(UInt32.self, at: 4) == 0x676D_697A:
                self = .compressedEFIImage
            case let word where word & 0xFFFF == 0x8B1F: self = .gzip
            case 0x587A_37FD: self = .xz
            case 0xFD2F_B528: self = .zstd
            case let word where word & 0xFF_FFFF == 0x68_5A42: self = .bzip2
            case 0x184D_2204, 0x184C_2102: self = .lz4
            case 0x5619_0527: self = .uBootImage
            case 0x7261_3C21: self = .archive
            case 0xEDFE_0DD0: self = .deviceTree
            case let word where word & 0xFFFF == 0x2123: self = .script
            default: self = .unknown
            }
        }
    }
}

extension LoaderError.FileFormat: CustomStringConvertible {
    package var description: String {
        switch self {
        case .gzip: "it is compressed; unpack it with gunzip first"
        case .xz: "it is compressed; unpack it with unxz first"
        case .zstd: "it is compressed; unpack it with unzstd first"
        case .bzip2: "it is compressed; unpack it with bunzip2 first"
        case .lz4: "it is compressed; unpack it with unlz4 first"
        case .compressedEFIImage: "it is a compressed EFI kernel; take the Image inside it"
        case .uBootImage: "it is a U-Boot image; take the kernel inside it"
        case .archive: "it is an archive of object files; link it"
        case .deviceTree: "it is a device tree; rvhv makes its own"
        case .script: "it is a script; name the program it builds"
        case .unknown: "check that it is the guest's program"
        }
    }
}

/// Names of the ELF header's numbers, for messages.
enum ELFNames {
    static func machine(_ number: UInt16) -> String {
        switch number {
        case 0: "no machine"
        case 2, 18, 43: "SPARC"
        case 3: "x86 (i386)"
        case 4: "Motorola 68000"
        case 8: "MIPS"
        case 20: "PowerPC"
        case 21: "64-bit PowerPC"
        case 22: "IBM S/390"
        case 40: "32-bit Arm"
        case 42: "SuperH"
        case 50: "Itanium"
        case 62: "x86-64"
        case 94: "Xtensa"
        case 183: "64-bit Arm (AArch64)"
        case 247: "Linux BPF"
        case 252: "C-SKY"
        case 258: "LoongArch"
        default: "machine number \(number)"
        }
    }

    static func type(_ number: UInt16) -> String {
        switch number {
        case 0: "an ELF of no type"
        case 1: "an object file (ET_REL)"
        case 4: "a core dump (ET_CORE)"
        default: "an ELF of type \(number)"
        }
    }
}
