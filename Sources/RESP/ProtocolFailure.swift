/// Why a request cannot be read any further. The connection answers with `errorText` and closes: after a broken frame
/// nothing tells where the next request begins.
public enum ProtocolFailure: Equatable, Sendable {
    /// The count behind `*` is no integer or above the limit.
    case invalidMultibulkCount
    /// More arguments than a client may send before AUTH.
    case unauthenticatedMultibulkCount
    /// No line end in the 64 KiB behind `*`.
    case tooBigMultibulkCount
    /// The length behind `$` is no integer, negative or above the limit.
    case invalidBulkCount
    /// A longer argument than a client may send before AUTH.
    case unauthenticatedBulkCount
    /// No line end in the 64 KiB behind `$`.
    case tooBigBulkCount
    /// An argument does not begin with `$`; the byte that stands there.
    case expectedBulk(UInt8)
    /// A line or an argument does not end in CR LF.
    case invalidLineEnd
    /// An inline request of more than 64 KiB.
    case tooBigInlineRequest
    /// An inline request whose quotes do not pair up.
    case unbalancedQuotes

    /// The error reply without its leading `-`, in Redis's words ("invalid CRLF" is Valkey's: Redis does not check).
    /// Bytes that are not printable ASCII appear as `?`. Allocates: the connection ends here.
    public var errorText: String {
        let reason =
            switch self {
            case .invalidMultibulkCount: "invalid multibulk length"
            case .unauthenticatedMultibulkCount: "unauthenticated multibulk length"
            case .tooBigMultibulkCount: "too big mbulk count string"
            case .invalidBulkCount: "invalid bulk length"
            case .unauthenticatedBulkCount: "unauthenticated bulk length"
            case .tooBigBulkCount: "too big bulk count string"
            case .expectedBulk(let byte): "expected '$', got '\(Self.printable(byte))'"
            case .invalidLineEnd: "invalid CRLF in request"
            case .tooBigInlineRequest: "too big inline request"
            case .unbalancedQuotes: "unbalanced quotes in request"
            }
        return "ERR Protocol error: " + reason
    }

    private static func printable(_ byte: UInt8) -> Character {
        Character(Unicode.Scalar((0x20...0x7E).contains(byte) ? byte : UInt8(ascii: "?")))
    }
}
