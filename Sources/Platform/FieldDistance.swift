extension MemoryLayout {
    /// How many bytes a stored field lies behind the start of its value: what generated code goes by.
    package static func distance<Value>(of field: KeyPath<T, Value>) -> Int {
        guard let distance = offset(of: field) else { preconditionFailure("\(field) is not stored") }
        return distance
    }
}
