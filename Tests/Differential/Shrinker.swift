/// Finds a small part of a program on which the machines still disagree.
struct Shrinker {
    let machines: Machines
    let runtime: [UInt8]

    func differences(of program: TestProgram) -> [Difference] {
        let image = program.image(runtime: runtime)
        guard let memory = try? machines.run(image) else { return [] }
        return Comparison(
            rvhv: memory.rvhv, qemu: memory.qemu, cases: program.cases.count, program: image.bytes
        ).differences()
    }

    /// - Returns: the program with as few cases and instructions as do, what is left out turned into `nop`.
    func shrink(_ program: TestProgram, suspect: Int?) -> TestProgram {
        var program = program
        if let suspect {
            var single = program
            single.cases = [program.cases[suspect]]
            if !differences(of: single).isEmpty { program = single }
        }
        if program.cases.count > 1 {
            program.cases = reduce(program.cases) { cases in
                var smaller = program
                smaller.cases = cases
                return !differences(of: smaller).isEmpty
            }
        }
        for index in program.cases.indices {
            let code = program.cases[index].code
            let kept = reduce(Array(code.indices)) { kept in
                !differences(of: Self.keeping(kept, of: index, in: program)).isEmpty
            }
            program = Self.keeping(kept, of: index, in: program)
        }
        return program
    }

    /// Everything else of the case becomes `nop`: addresses and jumps stay.
    private static func keeping(_ kept: [Int], of index: Int, in program: TestProgram) -> TestProgram {
        var result = program
        let wanted = Set(kept)
        for position in result.cases[index].code.indices where !wanted.contains(position) {
            let length = result.cases[index].code[position].length
            result.cases[index].code[position] = GeneratedInstruction(length == 2 ? 0x0001 : 0x0000_0013)
        }
        return result
    }

    /// Delta debugging: removes ever smaller parts as long as the rest still fails.
    private func reduce<T>(_ items: [T], stillFails: ([T]) -> Bool) -> [T] {
        var items = items
        var size = max(1, items.count / 2)
        while true {
            var start = 0
            var isReduced = false
            while start < items.count {
                var smaller = items
                smaller.removeSubrange(start..<min(start + size, items.count))
                if stillFails(smaller) {
                    items = smaller
                    isReduced = true
                } else {
                    start += size
                }
            }
            if size == 1 && !isReduced { return items }
            size = max(1, size / 2)
        }
    }
}
