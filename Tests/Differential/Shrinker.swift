/// Finds a small part of a program on which the machines still disagree.
struct Shrinker {
    let machines: Machines
    let runtime: [UInt8]

    func comparison(of program: TestProgram) throws -> Comparison {
        let image = program.image(runtime: runtime)
        let memory = try machines.run(image)
        return Comparison(memory, cases: program.cases.count, program: image.bytes)
    }

    func differences(of program: TestProgram) -> [Difference] {
        (try? comparison(of: program))?.differences() ?? []
    }

    /// - Returns: the program with as few cases and instructions as still show a difference of that kind, what is left
    ///   out turned into `nop`.
    func shrink(_ program: TestProgram, to difference: Difference) -> TestProgram {
        func fails(_ program: TestProgram) -> Bool { differences(of: program).contains { $0.kind == difference.kind } }
        var program = program
        if let index = difference.index {
            var single = program
            single.cases = [program.cases[index]]
            if fails(single) { program = single }
        }
        if program.cases.count > 1 {
            program.cases = reduce(program.cases) { cases in
                var smaller = program
                smaller.cases = cases
                return fails(smaller)
            }
        }
        for index in program.cases.indices {
            let code = program.cases[index].code
            let kept = reduce(code.indices.filter { !code[$0].continues }) {
                fails(Self.keeping($0, of: index, in: program))
            }
            program = Self.keeping(kept, of: index, in: program)
        }
        return program
    }

    /// Everything else of the case becomes `nop`: addresses and jumps stay.
    private static func keeping(_ kept: [Int], of index: Int, in program: TestProgram) -> TestProgram {
        var result = program
        let wanted = Set(kept)
        var isWanted = false
        for position in result.cases[index].code.indices {
            if !result.cases[index].code[position].continues { isWanted = wanted.contains(position) }
            if isWanted { continue }
            let length = result.cases[index].code[position].length
            let isInside = result.cases[index].code[position].continues
            result.cases[index].code[position] = GeneratedInstruction(length == 2 ? 0x0001 : 0x0000_0013)
            result.cases[index].code[position].continues = isInside
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
