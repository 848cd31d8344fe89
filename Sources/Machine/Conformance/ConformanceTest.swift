import RV64Core

/// One test program of a suite, and what its name and place say about it.
package struct ConformanceTest: Equatable, Sendable {
    package let path: String
    /// How reports call it: the path below the folder that was given.
    package let name: String
    /// The part of the ISA it tests, as its suite calls it: `rv64ui`, `rv64i_m/Zfh`.
    package let group: String
    /// The extensions its group's name stands for.
    package let needs: ExtensionSet
    /// A standard extension that `needs` cannot hold, because rvhv does not know it.
    package let unknownNeed: String?

    /// - Parameters:
    ///   - path: where the program is.
    ///   - name: the path below the folder that was given.
    ///   - folder: what to call tests that lie in that folder itself.
    package init(path: String, name: String, folder: String) {
        self.path = path
        self.name = name
        group = Self.group(ofTest: name, folder: folder)
        (needs, unknownNeed) = Self.needs(ofGroup: group)
    }

    // MARK: - Groups

    /// `rv64ui-p-add` is of `rv64ui`, `rv64i_m/A/src/amoadd.d-01.S/dut/my.elf` of `rv64i_m/A`, anything else of the
    /// folder it lies in.
    private static func group(ofTest name: String, folder: String) -> String {
        let parts = name.split(separator: "/").map(String.init)
        for environment in ["-p-", "-v-", "-pm-", "-pt-"] {
            if let prefix = parts.last?.prefix(before: environment) { return prefix }
        }
        let folders = parts.dropLast()
        if let base = folders.lastIndex(where: { isArchitectureFolder($0) }), base + 1 < folders.endIndex {
            return folders[base] + "/" + folders[base + 1]
        }
        if isArchitectureFolder(folder), let first = folders.first { return folder + "/" + first }
        return folders.last ?? folder
    }

    /// `rv64i_m`, `rv32e_m`: the folders of the architectural tests.
    private static func isArchitectureFolder(_ name: String) -> Bool { name.hasPrefix("rv") && name.hasSuffix("_m") }

    // MARK: - What a group needs

    /// Names that suites use and that are not the extension's own.
    private static let suiteNames: [String: ExtensionSet] = [
        "zicbo": [.zicboz], "ziccid": [], "i": [], "e": [], "hypervisor": [.h], "cmo": [.zicboz],
    ]

    private static func needs(ofGroup group: String) -> (ExtensionSet, String?) {
        var needs = ExtensionSet()
        var unknown: String?
        let name = group.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let words = name.split { $0 == "_" || $0 == "-" }
        // A folder of any other name may hold a word that looks like an extension.
        let isNamedAfterExtension = words.count == 1 || name.hasPrefix("rv32") || name.hasPrefix("rv64")
        for word in words {
            let word = withoutBase(word)
            if let known = suiteNames[word] {
                needs.formUnion(known)
            } else if let member = ISAExtension(name: word) {
                needs.insert(member)
            } else if isNamedAfterExtension, word.hasPrefix("z") || word.hasPrefix("sv") {
                unknown = word
            }
        }
        return (needs, unknown)
    }

    /// `rv64uzba` is a user-level test of `zba`, `rv64ssvnapot` a supervisor-level one of `svnapot`.
    private static func withoutBase(_ word: Substring) -> String {
        guard word.hasPrefix("rv32") || word.hasPrefix("rv64") else { return String(word) }
        return String(word.dropFirst(5))
    }
}

extension String {
    /// What stands before the first `separator`, if there is one.
    fileprivate func prefix(before separator: String) -> String? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(separator) { return String(self[..<rest.startIndex]) }
            rest.removeFirst()
        }
        return nil
    }
}
