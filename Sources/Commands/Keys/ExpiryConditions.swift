import Primitives

/// EXPIRE's conditions on the deadline that a key has.
struct ExpiryConditions {
    private var requiresNone = false
    private var requiresSome = false
    private var requiresLater = false
    private var requiresEarlier = false

    /// Parses the options.
    ///
    /// - Parameter firstIndex: the first option's place among the command's arguments, for the error.
    init(_ options: UnsafeBufferPointer<ByteSlice>, firstIndex: Int) throws(ArgumentFailure) {
        for (index, option) in options.enumerated() {
            if option.equalsIgnoringCase("nx") {
                requiresNone = true
            } else if option.equalsIgnoringCase("xx") {
                requiresSome = true
            } else if option.equalsIgnoringCase("gt") {
                requiresLater = true
            } else if option.equalsIgnoringCase("lt") {
                requiresEarlier = true
            } else {
                throw .unsupportedOption(firstIndex + index)
            }
        }
        if requiresNone, requiresSome || requiresLater || requiresEarlier { throw .incompatibleExpiryConditions }
        if requiresLater, requiresEarlier { throw .incompatibleExpiryComparisons }
    }

    /// Whether `deadline` may take the place of `present`; a key without a deadline lives for ever.
    func allow(_ deadline: Int64, replacing present: Int64?) -> Bool {
        if requiresNone, present != nil { return false }
        if requiresSome, present == nil { return false }
        if requiresLater { return present.map { deadline > $0 } ?? false }
        if requiresEarlier { return present.map { deadline < $0 } ?? true }
        return true
    }
}
