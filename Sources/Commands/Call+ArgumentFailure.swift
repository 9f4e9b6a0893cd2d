import Primitives
import RESP
import Store

extension Call {
    /// Replies with the error, in Redis's words.
    func fail(_ failure: ArgumentFailure) {
        switch failure {
        case .syntax: syntaxError()
        case .notInteger: notInteger()
        case .invalidExpiry: invalidExpireTime()
        case .expiryMissing: reply.error("ERR ENX flag requires an expiration")
        case .wrongDigestCount: reply.error("ERR must be exactly 16 hexadecimal characters")
        case .incompatibleExpiryConditions:
            reply.error("ERR NX and XX, GT or LT options at the same time are not compatible")
        case .incompatibleExpiryComparisons:
            reply.error("ERR GT and LT options at the same time are not compatible")
        case .unsupportedOption(let index): reply.error("ERR Unsupported option \(self[index].string)")
        case .bitOffset: reply.error("ERR bit offset is not an integer or out of range")
        case .bitfieldType:
            reply.error(
                "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
        case .overflowKind: reply.error("ERR Invalid OVERFLOW type specified")
        case .tagCount:
            reply.error("ERR numtags must be a positive number, and not greater than the number of tags behind it")
        case .tooManyTags: reply.error("ERR too many tags (max \(EntryAttributes.maximumTagCount))")
        case .tagTooLong: reply.error("ERR tag too long (max \(EntryAttributes.maximumTagByteCount))")
        case .readOnlyBitfield: reply.error("ERR BITFIELD_RO only supports the GET subcommand")
        case .leaseDuration:
            reply.error("ERR lease TTL must be between 1 and \(LeaseRequest.longestMilliseconds) milliseconds")
        case .leaseWait:
            reply.error("ERR lease WAIT must be between 0 and \(LeaseRequest.longestMilliseconds) milliseconds")
        case .leaseToken: reply.error("ERR invalid lease token: it has \(LeaseToken.digitCount) hexadecimal digits")
        }
    }
}
