import Platform

/// What follows from a set of extensions alone: made once, for all harts of a process that have them.
final class PerExtensionSet<Value: Sendable>: Sendable {
    // A few sets at most: they are found by going through them.
    private let made = Lock<[(extensions: ExtensionSet, value: Value)]>([])
    private let make: @Sendable (ExtensionSet) -> Value

    init(_ make: @escaping @Sendable (ExtensionSet) -> Value) { self.make = make }

    subscript(extensions: ExtensionSet) -> Value {
        made.withLock { made in
            if let known = made.first(where: { $0.extensions == extensions }) { return known.value }
            let value = make(extensions)
            made.append((extensions, value))
            return value
        }
    }
}
