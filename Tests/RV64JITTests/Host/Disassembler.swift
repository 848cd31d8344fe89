import Glibc

/// An instruction in words, as the disassembler of Debian's package capstone-tool and the tests write it.
struct HostText: Equatable, CustomStringConvertible {
    enum Operand: Equatable {
        /// Registers, and memory without its size.
        case text(String)
        case immediate(Int64)
    }

    var mnemonic: String
    var operands: [Operand]
    /// The size in front of a memory operand: `qword ptr`.
    var memorySize: String?

    var description: String { "\(mnemonic) \(operands) \(memorySize ?? "")" }
}

/// The same bytes read by somebody else.
enum Disassembler {
    struct Missing: Error, CustomStringConvertible {
        let description = "there is no cstool to read x86-64 with: install Debian's package capstone-tool"
    }

    /// An argument of a program has a limit of 128 KiB.
    private static let pieceSize = 40_000

    static var isThere: Bool { system("command -v cstool >/dev/null 2>&1") == 0 }

    /// The instructions from the beginning on, each with its distance from there.
    static func read(_ bytes: [UInt8], starts: [Int]) throws -> [(offset: Int, text: HostText)] {
        guard isThere else { throw Missing() }
        var result: [(Int, HostText)] = []
        var first = 0
        while first < starts.count {
            let origin = starts[first]
            let last = starts[first...].firstIndex { $0 - origin > pieceSize } ?? starts.count
            let end = last < starts.count ? starts[last] : bytes.count
            result += try readPiece(bytes[origin..<end]).map { ($0.offset + origin, $0.text) }
            first = last
        }
        return result
    }

    private static func readPiece(_ bytes: ArraySlice<UInt8>) throws -> [(offset: Int, text: HostText)] {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        guard let pipe = popen("cstool x64 \(digits)", "r") else { throw Missing() }
        defer { pclose(pipe) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { break }
            output += buffer[0..<count]
        }
        return String(decoding: output, as: UTF8.self).split(separator: "\n").compactMap(line)
    }

    /// ` 1f  48 8b 05 00 00 00 00   mov<tab>rax, qword ptr [rip]`
    private static func line(_ line: Substring) -> (offset: Int, text: HostText)? {
        let halves = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
        let words = halves[0].split(separator: " ")
        guard let address = words.first, let offset = Int(address, radix: 16) else { return nil }
        let mnemonic = words.dropFirst().drop { $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }.joined(
            separator: " "
        )
        var text = HostText(mnemonic: mnemonic, operands: [])
        for operand in halves.count > 1 ? halves[1].split(separator: ",") : [] {
            let operand = operand.drop { $0 == " " }
            if let pointer = operand.firstRange(of: " ptr ") {
                text.memorySize = String(operand[..<pointer.lowerBound])
                text.operands.append(.text(String(operand[pointer.upperBound...])))
            } else if let value = number(operand) {
                text.operands.append(.immediate(value))
            } else {
                text.operands.append(.text(String(operand)))
            }
        }
        return (offset, text)
    }

    private static func number(_ text: Substring) -> Int64? {
        let isNegative = text.first == "-"
        let digits = isNegative ? text.dropFirst() : text
        let value = digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
        guard let value else { return nil }
        return isNegative ? 0 &- Int64(bitPattern: value) : Int64(bitPattern: value)
    }
}
