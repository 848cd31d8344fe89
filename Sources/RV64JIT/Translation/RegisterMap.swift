import RV64Core

/// Which guest registers live in host registers; those of floating point while the host's unit is the guest's.
struct RegisterMap {
    /// By guest register; nil for those in memory.
    let hosts: [HostRegister?]
    let pinned: [(guest: UInt8, host: HostRegister)]
    let vectors: [HostVector?]
    let pinnedVectors: [(guest: UInt8, host: HostVector)]

    private init(_ pinned: [(guest: UInt8, host: HostRegister)], _ pinnedVectors: [(guest: UInt8, host: HostVector)]) {
        var hosts = [HostRegister?](repeating: nil, count: 40)
        for (guest, host) in pinned { hosts[Int(guest)] = host }
        self.hosts = hosts
        self.pinned = pinned
        var vectors = [HostVector?](repeating: nil, count: 32)
        for (guest, host) in pinnedVectors { vectors[Int(guest)] = host }
        self.vectors = vectors
        self.pinnedVectors = pinnedVectors
    }

    /// sp, s0, s1 and the first six arguments; the first six arguments of floating point and what compilers take next, ft0
    /// to ft7.
    static let standard = RegisterMap(
        [
            (2, .rbx), (8, .rsi), (9, .rdi), (10, .r8), (11, .r9), (12, .r10), (13, .r11), (14, .r12), (15, .r13),
        ],
        [
            (10, .xmm2), (11, .xmm3), (12, .xmm4), (13, .xmm5), (14, .xmm6), (15, .xmm7),
            (0, .xmm8), (1, .xmm9), (2, .xmm10), (3, .xmm11), (4, .xmm12), (5, .xmm13), (6, .xmm14), (7, .xmm15),
        ]
    )
}
