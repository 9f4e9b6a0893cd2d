import CPCRE2
import Primitives

/// A compiled regular expression over bytes, in PCRE2's syntax, searched for anywhere in a key.
///
/// The interpreter, not the just-in-time compiler: that one heeds neither the limit of heap nor that of depth, and the
/// memory it writes and then runs is what MemoryDenyWriteExecute in our systemd unit forbids.
final class RegularExpression {
    /// Longest error text of PCRE2, with its NUL; its page pcre2api says that 120 are enough.
    private static let errorTextCount = 256

    /// The pattern for an error text.
    let shown: String
    private let code: OpaquePointer

    /// What is wrong with a pattern.
    struct SyntaxError: Error {
        let text: String
        /// Where in the pattern, in bytes.
        let offset: Int
    }

    /// A callout before each item is how the work is measured: see `MatchBudget`. A pattern may not switch to UTF: keys need
    /// not be UTF-8, and every one that is not would be an error.
    init(_ pattern: ByteSlice) throws(SyntaxError) {
        var (errorCode, errorOffset): (Int32, Int) = (0, 0)
        let options = PCRE2_AUTO_CALLOUT | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP
        guard let code = pcre2_compile_8(pattern.base, pattern.count, options, &errorCode, &errorOffset, nil) else {
            throw SyntaxError(text: Self.text(ofError: errorCode), offset: errorOffset)
        }
        self.code = code
        shown = Self.shown(pattern)
    }

    deinit { pcre2_code_free_8(code) }

    /// Whether the expression matches somewhere in `key`. Takes `MatchBudget.stepCount` steps at the most.
    func matches(_ key: ByteSlice, _ budget: borrowing MatchBudget) throws(MatchFailure) -> Bool {
        budget.renew()
        let result = pcre2_match_8(code, key.base, key.count, 0, 0, budget.matchData, budget.context)
        // 0 is a match with more groups than there is room for.
        if result >= 0 { return true }
        switch result {
        case PCRE2_ERROR_NOMATCH: return false
        case PCRE2_ERROR_CALLOUT, PCRE2_ERROR_MATCHLIMIT: throw .steps
        case PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_NOMEMORY: throw .memory
        default: throw .other(Self.text(ofError: result))
        }
    }

    /// A pattern as error texts show it: its first 128 bytes in quotes.
    static func shown(_ pattern: ByteSlice) -> String { "'\(pattern.slice(from: 0, to: 128).string)'" }

    private static func text(ofError code: Int32) -> String {
        var text = [UInt8](repeating: 0, count: errorTextCount)
        let count = pcre2_get_error_message_8(code, &text, text.count)
        return count < 0 ? "error \(code)" : String(decoding: text[0..<Int(count)], as: UTF8.self)
    }
}

/// Why it could not be said whether a key matches.
enum MatchFailure: Error, Equatable {
    case steps
    case memory
    case other(String)
}
