import RV64Core

/// Which guest registers live in host registers. Those of floating point are each block's own: ``FloatRegisters``.
struct RegisterMap {
    /// By guest register; nil for those in memory.
    let hosts: [HostRegister?]
    let pinned: [(guest: UInt8, host: HostRegister)]

    private init(_ pinned: [(guest: UInt8, host: HostRegister)]) {
        var hosts = [HostRegister?](repeating: nil, count: 40)
        for (guest, host) in pinned { hosts[Int(guest)] = host }
        self.hosts = hosts
        self.pinned = pinned
    }

    /// sp, s0, s1 and the first six arguments.
    static let standard = RegisterMap([
        (2, .rbx), (8, .rsi), (9, .rdi), (10, .r8), (11, .r9), (12, .r10), (13, .r11), (14, .r12), (15, .r13),
    ])
}
