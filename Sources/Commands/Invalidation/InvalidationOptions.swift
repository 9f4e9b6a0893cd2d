import Primitives

/// `pattern [pattern …] [REGEX] [LIMIT count] [DRYRUN]`.
///
/// The first word is a pattern, whatever it says. From the second on the options' names are options, and nothing but options
/// follows one: a pattern behind DRYRUN is an error, not a pattern of a run that is not dry.
struct InvalidationOptions {
    /// The arguments that are patterns.
    let patterns: Range<Int>
    private(set) var isRegex = false
    private(set) var isDryRun = false
    /// Keys to be removed at the most.
    private(set) var limit: Int64?

    /// Nil after the error reply.
    init?(_ call: Call) {
        var index = 2
        while index < call.argumentCount, Name(call[index]) == nil { index += 1 }
        patterns = 1..<index
        while index < call.argumentCount {
            switch Name(call[index]) {
            case .regex where !isRegex: isRegex = true
            case .dryRun where !isDryRun: isDryRun = true
            case .limit where limit == nil && index + 1 < call.argumentCount:
                index += 1
                guard let number = call.integer(index, in: 1...Int64.max) else { return nil }
                limit = number
            default:
                call.syntaxError()
                return nil
            }
            index += 1
        }
    }

    private enum Name {
        case regex, limit, dryRun

        init?(_ word: ByteSlice) {
            if word.equalsIgnoringCase("regex") {
                self = .regex
            } else if word.equalsIgnoringCase("limit") {
                self = .limit
            } else if word.equalsIgnoringCase("dryrun") {
                self = .dryRun
            } else {
                return nil
            }
        }
    }
}
