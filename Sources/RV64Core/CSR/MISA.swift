/// `misa`. norm:misa_extensions_enc_tbl
package enum MISA {
    private static let mxlShift: UInt64 = 62

    /// The bit of an extension's or mode's letter.
    private static func bit(_ letter: Unicode.Scalar) -> UInt64 {
        1 &<< UInt64(letter.value &- ("A" as Unicode.Scalar).value)
    }

    /// Read-only: what the hart has. S- and U-mode are always there. norm:misa_extensions_rst1
    package static func value(_ extensions: ExtensionSet) -> UInt64 {
        var value = XLENEncoding.rv64 &<< mxlShift | bit("I") | bit("S") | bit("U")
        for member in extensions.members where member.isSingleLetter {
            for letter in member.name.uppercased().unicodeScalars { value |= bit(letter) }
        }
        return value
    }
}
