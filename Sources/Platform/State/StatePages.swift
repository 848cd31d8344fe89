import Glibc

/// Memory in an archive: only pages that are not all zeros, each with its number.
extension StateWriter {
    /// Writes whole pages of memory that lie at `address` for the guest.
    package mutating func write(pages memory: UnsafeRawBufferPointer, at address: UInt64) {
        precondition(memory.count % Int(Page.size) == 0, "memory is saved by whole pages")
        let pages = memory.pages
        let used = pages.indices.filter { !pages[$0].isZero }
        write(address)
        write(UInt64(memory.count))
        write(UInt64(used.count))
        for index in used {
            write(UInt64(index))
            append(pages[index])
        }
    }
}

extension StateReader {
    /// Reads what `write(pages:at:)` wrote into memory of the same place and size; other pages become zeros.
    package mutating func read(pages memory: UnsafeMutableRawBufferPointer, at address: UInt64) throws(StateError) {
        try requireSame("the address of memory", saved: read(UInt64.self), here: address)
        try requireSame("the size of memory", saved: read(UInt64.self), here: UInt64(memory.count))
        let pages = UnsafeRawBufferPointer(memory).pages
        let count = try readCount(limit: pages.count, bytes: 8 + Int(Page.size))
        var next = 0
        for _ in 0..<count {
            let index = try read(UInt64.self)
            try require(index >= UInt64(next) && index < UInt64(pages.count), "page \(index) is out of order")
            memory.clear(pages: next..<Int(index))
            try withBytes(Int(Page.size)) { memory.page(Int(index)).copyMemory(from: $0) }
            next = Int(index) + 1
        }
        memory.clear(pages: next..<pages.count)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var pages: LazyMapSequence<Range<Int>, UnsafeRawBufferPointer> {
        (0..<count / Int(Page.size)).lazy.map { index in
            let start = index * Int(Page.size)
            return UnsafeRawBufferPointer(rebasing: self[start..<start + Int(Page.size)])
        }
    }

    /// Compares with itself, one byte on: the C library does that faster than any loop.
    fileprivate var isZero: Bool {
        guard let start = baseAddress, count > 0 else { return true }
        return self[0] == 0 && memcmp(start, start + 1, count - 1) == 0
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func page(_ index: Int) -> UnsafeMutableRawBufferPointer {
        let start = index * Int(Page.size)
        return UnsafeMutableRawBufferPointer(rebasing: self[start..<start + Int(Page.size)])
    }

    /// Leaves alone what is zero: a page that was never touched costs the host nothing.
    fileprivate func clear(pages: Range<Int>) {
        for index in pages where !UnsafeRawBufferPointer(page(index)).isZero {
            page(index).initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}
