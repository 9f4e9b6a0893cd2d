import Foundation

/// Keeps in nearcached what closures return, over hiredis. For one thread at a time.
///
/// When nearcached is unreachable or refuses, the closure is just called and `report` told: the application gets
/// slower, not wrong. Only an invalidation that did not arrive leaves old values, until their `ttl` is over.
/// hiredis writes to connections that may be broken: ignore SIGPIPE.
public final class Cache {
    private var connection: Connection
    private let leaseMilliseconds: Int
    private let waitMilliseconds: Int
    private let report: (CacheError) -> Void

    /// - Parameters:
    ///   - leaseMilliseconds: for how long nobody else computes a missing value; longer than any `compute` takes
    ///   - waitMilliseconds: how long to wait for a value that somebody else computes
    ///   - report: is told what went wrong with the cache
    public init(
        host: String = "127.0.0.1", port: Int32 = 6379, leaseMilliseconds: Int = 10_000, waitMilliseconds: Int = 5_000,
        report: @escaping (CacheError) -> Void
    ) {
        connection = Connection(host: host, port: port, timeoutSeconds: waitMilliseconds / 1000 + 1)
        self.leaseMilliseconds = leaseMilliseconds
        self.waitMilliseconds = waitMilliseconds
        self.report = report
    }

    /// The value kept under the parts, or what `compute` returns, which is then kept as JSON.
    ///
    /// Of those who miss a value at the same time one computes it. What was computed before one of the tags was
    /// invalidated is not stored.
    ///
    /// - Parameters:
    ///   - parts: the words for CACHEKEY, the namespace first
    ///   - ttl: for how many seconds the value is kept
    ///   - tags: those that `invalidates` may name
    /// - Throws: what `compute` throws, or JSON's decoder of a value that is no `Value`.
    public func cached<Value: Codable>(
        _ parts: String..., ttl: Int, tags: [String] = [], compute: () throws -> Value
    ) throws -> Value {
        guard let key = key(of: parts), case .list(let lease)? = ask(leaseRequest(for: key)), lease.count == 4 else {
            return try compute()
        }
        switch (state: lease[0].text, value: lease[1].text, token: lease[2].text) {
        case ("hit", let value?, _), ("stale", let value?, _):
            return try JSONDecoder().decode(Value.self, from: Data(value.utf8))
        case ("win", _, let token?):
            return try store(key, ttl, tags, token, compute)
        default:
            // Another client computes for longer than `waitMilliseconds`.
            return try compute()
        }
    }

    /// Invalidates the tags once `body` has returned.
    public func invalidates<Result>(_ tags: String..., body: () throws -> Result) rethrows -> Result {
        let result = try body()
        _ = ask(["TAG", "INVALIDATE"] + tags)
        return result
    }

    /// CACHEKEY's plain key, made here. The server is asked only for the digest of a long one.
    private func key(of parts: [String]) -> String? {
        let encoded = parts.map { $0.replacing("%", with: "%25").replacing(":", with: "%3A") }
        let plain = encoded.joined(separator: ":")
        return plain.utf8.count <= 250 ? plain : ask(["CACHEKEY"] + parts)?.text
    }

    private func leaseRequest(for key: String) -> [String] {
        ["LEASE", "GET", key, "TTL", "\(leaseMilliseconds)", "WAIT", "\(waitMilliseconds)"]
    }

    /// Computes under the lease, which ends with SET or, when that comes to nothing, with its release.
    private func store<Value: Codable>(
        _ key: String, _ ttl: Int, _ tags: [String], _ token: String, _ compute: () throws -> Value
    ) throws -> Value {
        var isStored = false
        defer {
            if !isStored { _ = ask(["LEASE", "RELEASE", key, token]) }
        }
        let value = try compute()
        let text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        let tagWords = tags.isEmpty ? [] : ["TAGS", "\(tags.count)"] + tags
        isStored = ask(["SET", key, text, "EX", "\(ttl)"] + tagWords + ["LEASE", token])?.text != nil
        return value
    }

    /// The reply; nil, and a report, when there is none or it is an error.
    private func ask(_ words: [String]) -> Reply? {
        do throws(CacheError) {
            return try connection.call(words)
        } catch {
            report(error)
            return nil
        }
    }
}
