import RV64Core

/// Which guest registers live in host registers.
struct RegisterMap {
    /// By guest register; nil for those in memory.
    let hosts: [HostRegister?]
    let pinned: [(guest: UInt8, host: HostRegister)]
    /// The host registers that hold another guest register than where pieces of code enter each other.
    let differences: [(host: HostRegister, standard: UInt8, own: UInt8)]

    private init(_ pinned: [(guest: UInt8, host: HostRegister)], differences: [(HostRegister, UInt8, UInt8)] = []) {
        var hosts = [HostRegister?](repeating: nil, count: 40)
        for (guest, host) in pinned { hosts[Int(guest)] = host }
        self.hosts = hosts
        self.pinned = pinned
        self.differences = differences
    }

    private static let available: [HostRegister] = [.rbx, .rsi, .rdi, .r8, .r9, .r10, .r11, .r12, .r13]

    /// What holds wherever one piece of code enters another: sp, s0, s1 and the first six arguments.
    static let standard = RegisterMap(Array(zip([2, 8, 9, 10, 11, 12, 13, 14, 15], available)).map { ($0, $1) })

    /// How much more a register has to be used for it to take another one's place.
    private static let margin = 2

    /// The standard map, with registers that are used more in the place of those that are used less.
    ///
    /// - Parameter uses: by guest register.
    init(uses: [Int]) {
        var pinned = Self.standard.pinned.sorted { uses[Int($0.guest)] < uses[Int($1.guest)] }
        var differences: [(HostRegister, UInt8, UInt8)] = []
        let others = (1..<32 as Range<UInt8>).filter { guest in Self.standard.hosts[Int(guest)] == nil }
            .sorted { uses[Int($0)] > uses[Int($1)] }
        for (index, guest) in others.prefix(pinned.count).enumerated() {
            let (standard, host) = pinned[index]
            guard uses[Int(guest)] > uses[Int(standard)] + Self.margin else { break }
            pinned[index].guest = guest
            differences.append((host, standard, guest))
        }
        self.init(pinned, differences: differences)
    }
}

extension Assembler {
    enum RegisterMove { case fromStandard, toStandard }

    /// Puts guest registers where the other map wants them. Flags and temporaries stay.
    mutating func moveRegisters(_ map: RegisterMap, _ move: RegisterMove) {
        for (host, standard, own) in map.differences {
            let (old, new) = move == .fromStandard ? (standard, own) : (own, standard)
            emit(.movM, host, Layout.x(old))
            emit(.movR, host, Layout.x(new))
        }
    }
}
