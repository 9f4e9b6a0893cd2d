/// What is wrong with a command's arguments, for the parsers that know nothing of replies.
///
/// Trivial, so that a typed throw costs a register.
enum ArgumentFailure: Error, Equatable {
    case syntax
    case notInteger
    /// A time to live that is zero, negative or past what 64 bits of milliseconds hold.
    case invalidExpiry
    /// ENX without anything to expire at.
    case expiryMissing
    case wrongDigestCount
    case incompatibleExpiryConditions
    case incompatibleExpiryComparisons
    /// The option at this argument is none that the command knows.
    case unsupportedOption(Int)
    case bitOffset
    case bitfieldType
    case overflowKind
    case readOnlyBitfield
    case tagCount
    case tooManyTags
    case tagTooLong
    case leaseDuration
    case leaseWait
    case leaseToken
}
