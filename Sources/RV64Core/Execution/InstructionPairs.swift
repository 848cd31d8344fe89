/// Pairs of neighbours that the interpreter executes as one: the second needs no dispatch, and what it takes from the
/// first is still in a host register.
///
/// The block builder puts the pair's opcode into the first instruction's place and leaves the second one as it is: where
/// the fast case of either does not apply, the interpreter goes on there with that instruction alone.
///
/// The pairs are the most frequent ones of a booting Linux and of the benchmarks: see docs/Performance.md.
extension Opcode {
    /// No instruction of its own: the block builder alone makes it.
    var isPair: Bool { rawValue >= Opcode.addAdd.rawValue }

    /// The pair that two instructions make, if it is one of those.
    static func pair(_ first: Opcode, _ second: Opcode) -> Opcode? {
        switch (first, second) {
        case (.add, .add): .addAdd
        case (.add, .bltu): .addBltu
        case (.add, .ld): .addLd
        case (.addi, .add): .addiAdd
        case (.addi, .addi): .addiAddi
        case (.addi, .bne): .addiBne
        case (.addi, .sd): .addiSd
        case (.ld, .addi): .ldAddi
        case (.ld, .ld): .ldLd
        case (.sd, .addi): .sdAddi
        case (.sd, .sd): .sdSd
        case (.slli, .add): .slliAdd
        case (.slli, .srli): .slliSrli
        default: nil
        }
    }
}
