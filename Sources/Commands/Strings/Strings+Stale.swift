import RESP
import Store

// MARK: - GETSTALE

extension StringCommands {
    static let staleSpecs: [CommandSpec] = [
        CommandSpec(
            "getstale", arity: 2, flags: [.readOnly, .fast], keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.string], group: .string, since: "0.1.0",
            summary: """
                Returns the value of a key and how many milliseconds ago it ended: 0 while it lives, more while it is held for \
                its stale window.
                """,
            complexity: "O(1)", syntax: "key", handler: { getStale(Call($0)) })
    ]

    private static func getStale(_ call: Call) {
        let key = call.key(1)
        let reply = call.reply
        if let entry = call.lookup(key) {
            guard entry.isString else { return call.wrongType() }
            reply.array(2)
            reply.value(entry)
            return reply.integer(0)
        }
        guard let entry = call.access.findStale(key, now: call.nowMilliseconds) else { return reply.nullArray() }
        reply.array(2)
        reply.value(entry)
        // It has a deadline, and that has passed.
        reply.integer(max(call.nowMilliseconds - entry.expiry, 0))
    }
}
