import Testing

/// The arrows of docs/Architecture.md, also for what the package manager cannot refuse: system modules.
@Suite struct ImportTests {
    private static let allowed: [String: Set<String>] = [
        "Platform": ["CLinux", "Glibc", "Synchronization"],
        "RV64Core": ["Glibc", "Platform", "Synchronization"],
        "Devices": ["Glibc", "Platform", "Synchronization"],
        "Hypervisor": ["Glibc", "Platform", "RV64Core", "Synchronization"],
        "RV64JIT": ["CLinux", "Glibc", "Platform", "RV64Core"],
        "Machine": [
            "CElf", "CFdt", "Devices", "Glibc", "Hypervisor", "Platform", "RV64Core", "RV64JIT", "Synchronization",
        ],
        "rvhv": ["Devices", "Glibc", "Hypervisor", "Machine", "Platform", "RV64Core", "Synchronization"],
    ]

    @Test(arguments: SourceTree.sources)
    func importsOnlyWhatItsModuleMay(_ file: SourceTree.File) throws {
        let allowed = try #require(Self.allowed[file.module], "say here what \(file.module) may import")
        #expect(Self.imports(of: file).subtracting(allowed).isEmpty, "\(file.path)")
    }

    /// C libraries are used in one place each, but for what no module of Swift's has: by those that talk to the host.
    @Test(
        arguments: [
            ("CElf", ["Sources/Machine/Loader/"]), ("CFdt", ["Sources/Machine/DeviceTree/"]),
            ("CLinux", ["Sources/Platform/Host/", "Sources/RV64JIT/Host/"]),
        ]
    )
    func librariesStayInTheirFolder(_ library: String, _ folders: [String]) {
        let users = SourceTree.sources.filter { Self.imports(of: $0).contains(library) }
        for folder in folders { #expect(users.contains { $0.path.hasPrefix(folder) }) }
        for user in users {
            #expect(folders.contains { user.path.hasPrefix($0) }, "\(user.path) imports \(library)")
        }
    }

    private static func imports(of file: SourceTree.File) -> Set<String> {
        // The expression costs more than a look for its word.
        let candidates = file.code.filter { $0.contains("import ") }
        return Set(candidates.compactMap { $0.wholeMatch(of: /(?:@\w+ )*import (\w+)\s*/).map { String($0.1) } })
    }
}
