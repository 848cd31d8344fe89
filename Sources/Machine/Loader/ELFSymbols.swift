import CElf

/// Reads the symbol table through libelf.
///
/// Symbols are a courtesy to traces: a program whose table is damaged runs without them.
struct ELFSymbols {
    let elf: OpaquePointer
    let file: FileContents

    /// `.symtab`, or `.dynsym` in a stripped program.
    func table() -> SymbolTable {
        for wanted in [UInt32(SHT_SYMTAB), UInt32(SHT_DYNSYM)] {
            var section: OpaquePointer? = elf_nextscn(elf, nil)
            while let current = section {
                var header = GElf_Shdr()
                if gelf_getshdr(current, &header) != nil, header.sh_type == wanted, let table = read(current, header) {
                    return table
                }
                section = elf_nextscn(elf, current)
            }
        }
        return .empty
    }

    private func read(_ section: OpaquePointer, _ header: GElf_Shdr) -> SymbolTable? {
        guard header.sh_entsize == UInt64(ELFHeader.symbolSize), isInFile(header),
            header.sh_size / header.sh_entsize <= UInt64(SymbolTable.countLimit),
            let strings = strings(in: Int(header.sh_link)),
            let data = elf_getdata(section, nil)
        else { return nil }
        let count = Int32(header.sh_size / header.sh_entsize)
        var entries: [SymbolTable.Entry] = []
        // The first symbol is the null symbol.
        for index in 0..<count where index > 0 {
            var symbol = GElf_Sym()
            guard gelf_getsym(data, index, &symbol) != nil else { break }
            if let entry = entry(for: symbol) { entries.append(entry) }
        }
        return SymbolTable(entries: entries, strings: strings)
    }

    private func entry(for symbol: GElf_Sym) -> SymbolTable.Entry? {
        guard symbol.st_shndx != UInt16(SHN_UNDEF), symbol.st_name != 0 else { return nil }
        let isLocal = symbol.st_info >> 4 == UInt8(STB_LOCAL)
        let kindRank: UInt8
        switch Int32(symbol.st_info & 0xF) {
        case STT_FUNC: kindRank = 3
        case STT_OBJECT: kindRank = 2
        case STT_NOTYPE: kindRank = 1
        // Sections and file names are no places in the program, thread-local values no addresses.
        default: return nil
        }
        return SymbolTable.Entry(
            value: symbol.st_value,
            nameOffset: symbol.st_name,
            rank: kindRank * 2 + (isLocal ? 0 : 1)
        )
    }

    private func strings(in index: Int) -> [UInt8]? {
        var header = GElf_Shdr()
        guard let section = elf_getscn(elf, index), gelf_getshdr(section, &header) != nil,
            header.sh_type == UInt32(SHT_STRTAB), isInFile(header)
        else { return nil }
        let start = Int(header.sh_offset)
        return file.withUnsafeBytes(in: start..<start + Int(header.sh_size)) { Array($0) }
    }

    private func isInFile(_ header: GElf_Shdr) -> Bool {
        let (end, isWrapping) = header.sh_offset.addingReportingOverflow(header.sh_size)
        return !isWrapping && end <= UInt64(file.count)
    }
}
