import CFdt

/// A device tree blob read back through libfdt, for assertions.
struct FlattenedTree {
    let blob: [UInt8]

    /// libfdt's own verdict on the whole blob; 0 is good.
    var checkResult: Int32 { blob.withUnsafeBytes { fdt_check_full($0.baseAddress, $0.count) } }

    func hasNode(_ path: String) -> Bool { offset(path) >= 0 }

    private func offset(_ path: String) -> Int32 {
        blob.withUnsafeBytes { fdt_path_offset($0.baseAddress, path) }
    }

    func bytes(_ path: String, _ property: String) -> [UInt8]? {
        blob.withUnsafeBytes { bytes in
            let node = fdt_path_offset(bytes.baseAddress, path)
            var length: Int32 = 0
            guard node >= 0, let value = fdt_getprop(bytes.baseAddress, node, property, &length) else { return nil }
            return Array(UnsafeRawBufferPointer(start: value, count: Int(length)))
        }
    }

    func strings(_ path: String, _ property: String) -> [String]? {
        bytes(path, property).map { bytes in
            bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func string(_ path: String, _ property: String) -> String? { strings(path, property)?.first }

    func cells(_ path: String, _ property: String) -> [UInt32]? {
        bytes(path, property).map { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { start in
                bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
            }
        }
    }

    func doubles(_ path: String, _ property: String) -> [UInt64]? {
        cells(path, property).map { cells in
            stride(from: 0, to: cells.count, by: 2).map { UInt64(cells[$0]) << 32 | UInt64(cells[$0 + 1]) }
        }
    }

    /// The names of a node's children, in order.
    func children(_ path: String) -> [String] {
        blob.withUnsafeBytes { bytes in
            var names: [String] = []
            var node = fdt_first_subnode(bytes.baseAddress, fdt_path_offset(bytes.baseAddress, path))
            while node >= 0 {
                names.append(String(cString: fdt_get_name(bytes.baseAddress, node, nil)))
                node = fdt_next_subnode(bytes.baseAddress, node)
            }
            return names
        }
    }
}
