import Primitives
import RESP
import Store

/// LCS: what to reply, and the work behind it.
struct SubsequenceRequest {
    private(set) var wantsCount = false
    private(set) var wantsMatches = false
    private(set) var wantsMatchCounts = false
    private(set) var minimumMatchCount: Int64 = 0

    init(_ arguments: UnsafeBufferPointer<ByteSlice>) throws(ArgumentFailure) {
        var index = 0
        while index < arguments.count {
            let option = arguments[index]
            if option.equalsIgnoringCase("idx") {
                wantsMatches = true
            } else if option.equalsIgnoringCase("len") {
                wantsCount = true
            } else if option.equalsIgnoringCase("withmatchlen") {
                wantsMatchCounts = true
            } else if option.equalsIgnoringCase("minmatchlen"), index + 1 < arguments.count {
                index += 1
                guard let count = arguments[index].int64 else { throw .notInteger }
                minimumMatchCount = count
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    /// Replies from a finished table.
    func reply(_ subsequence: borrowing CommonSubsequence, _ reply: ReplyWriter) {
        if wantsCount { return reply.integer(Int64(subsequence.count)) }
        guard wantsMatches else {
            subsequence.bytes().withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return reply.bulk("") }
                reply.bulk(ByteSlice(base: base, count: bytes.count))
            }
            return
        }
        let matches = subsequence.matches(minimumCount: minimumMatchCount)
        reply.map(2)
        reply.bulk("matches")
        reply.array(matches.count)
        for match in matches {
            reply.array(wantsMatchCounts ? 3 : 2)
            for start in [match.startInA, match.startInB] {
                reply.array(2)
                reply.integer(Int64(start))
                reply.integer(Int64(start + match.count - 1))
            }
            if wantsMatchCounts { reply.integer(Int64(match.count)) }
        }
        reply.bulk("len")
        reply.integer(Int64(subsequence.count))
    }
}

extension StringCommands {
    /// Table cells that one turn may fill: about a millisecond.
    private static let cellsPerStep = 1 << 20

    static func commonSubsequence(_ call: Call) {
        let request: SubsequenceRequest
        do throws(ArgumentFailure) {
            request = try SubsequenceRequest(call.arguments(from: 3))
        } catch {
            return call.fail(error)
        }
        if request.wantsCount, request.wantsMatches {
            return call.reply.error("ERR If you want both the length and indexes, please just use IDX.")
        }
        guard let a = text(call, 1), let b = text(call, 2) else {
            return call.reply.error("ERR The specified keys must contain string values")
        }
        guard let tableByteCount = CommonSubsequence.tableByteCount(a.count, b.count) else {
            return call.reply.error("ERR String too long for LCS")
        }
        guard tableByteCount <= call.maximumStringCount else {
            return call.reply.error(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
        let job = CommonSubsequenceJob(CommonSubsequence(a, b), request, cellsPerStep: cellsPerStep)
        // EXEC runs its commands in one go.
        if call.isInTransaction {
            while !job.step(call) {}
        } else if !job.step(call) {
            call.session.pointee.job = job
        }
    }

    /// A copy of the string at argument `index`, empty for no key; nil for another type.
    private static func text(_ call: Call, _ index: Int) -> [UInt8]? {
        guard let entry = call.lookup(call.key(index)) else { return [] }
        return entry.isString ? entry.withValue { $0.array } : nil
    }
}

/// A table too large for one turn.
private final class CommonSubsequenceJob: Job {
    private var subsequence: CommonSubsequence
    private let request: SubsequenceRequest
    private let cellsPerStep: Int

    init(_ subsequence: consuming CommonSubsequence, _ request: SubsequenceRequest, cellsPerStep: Int) {
        self.subsequence = subsequence
        self.request = request
        self.cellsPerStep = cellsPerStep
    }

    func step(_ call: Call) -> Bool {
        guard subsequence.fill(cellBudget: cellsPerStep) else { return false }
        request.reply(subsequence, call.reply)
        return true
    }
}
