internal import CHiredis

/// What the server replied, or did not.
public enum CacheError: Error {
    /// There is no connection, or it broke.
    case unreachable
    /// The server's text.
    case refused(String)
    /// A reply of a shape that the command does not have.
    case unexpected
}

/// A reply in RESP2's shapes, which are all that hiredis 0.14 knows.
enum Reply {
    case null
    case integer(Int64)
    case text(String)
    case list([Reply])

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    fileprivate init(_ reply: redisReply) throws(CacheError) {
        switch reply.type {
        case REDIS_REPLY_NIL: self = .null
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .text(Self.text(of: reply))
        case REDIS_REPLY_ERROR: throw .refused(Self.text(of: reply))
        case REDIS_REPLY_ARRAY:
            var list: [Reply] = []
            for index in 0..<reply.elements {
                guard let element = reply.element[index] else { throw .unexpected }
                list.append(try Reply(element.pointee))
            }
            self = .list(list)
        default: throw .unexpected
        }
    }

    private static func text(of reply: redisReply) -> String {
        let bytes = UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len))
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A connection that is made at the first command, and anew at the first one after it broke.
struct Connection: ~Copyable {
    let host: String
    let port: Int32
    /// For connecting, and for every reply.
    let timeoutSeconds: Int
    private var context: UnsafeMutablePointer<redisContext>?

    init(host: String, port: Int32, timeoutSeconds: Int) {
        (self.host, self.port, self.timeoutSeconds) = (host, port, timeoutSeconds)
    }

    deinit {
        redisFree(context)
    }

    /// Sends one command and waits for its reply.
    mutating func call(_ words: [String]) throws(CacheError) -> Reply {
        let context = try connected()
        let lengths = words.map(\.utf8.count)
        let answer = words.joined().withCString { start in
            var next = start
            var arguments = lengths.map { length -> UnsafePointer<CChar>? in
                defer { next += length }
                return next
            }
            return redisCommandArgv(context, Int32(words.count), &arguments, lengths)
        }
        guard let answer else {
            redisFree(context)
            self.context = nil
            throw .unreachable
        }
        defer { freeReplyObject(answer) }
        return try Reply(answer.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private mutating func connected() throws(CacheError) -> UnsafeMutablePointer<redisContext> {
        if let context { return context }
        let timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        guard let made = redisConnectWithTimeout(host, port, timeout) else { throw .unreachable }
        guard made.pointee.err == 0, redisSetTimeout(made, timeout) == REDIS_OK else {
            redisFree(made)
            throw .unreachable
        }
        context = made
        return made
    }
}
