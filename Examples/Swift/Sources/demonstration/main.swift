// Usage: demonstration [port]. Shows on an empty nearcached what the cache does, and ends with 1 if it does not.

import Cached
import Foundation

struct User: Codable, Equatable {
    var name: String
    var visits: Int
}

struct Outage: Error {}

var failures: Int32 = 0

@MainActor func expect(_ holds: Bool, _ what: String) {
    print(holds ? "as expected:" : "NOT as expected:", what)
    failures += holds ? 0 : 1
}

// hiredis writes to connections that the server may have closed.
signal(SIGPIPE, SIG_IGN)
let port = CommandLine.arguments.dropFirst().first.flatMap { Int32($0) } ?? 6379
let cache = Cache(port: port) { print("cache: \($0)") }
var table = [7: User(name: "Ada", visits: 1)]
var computed = 0

@MainActor func user(_ number: Int, from cache: Cache = cache) throws -> User? {
    try cache.cached("user", "\(number)", ttl: 60, tags: ["users", "user:\(number)"]) {
        computed += 1
        return table[number]
    }
}

expect(try user(7)?.name == "Ada" && user(7)?.name == "Ada" && computed == 1, "two calls compute once")

cache.invalidates("user:7") { table[7]?.name = "Grace" }
expect(try user(7)?.name == "Grace" && computed == 2, "an invalidated tag computes anew")

expect(try user(8) == nil && user(8) == nil && computed == 3, "that there is no value is a value")

let outage = try? cache.cached("report", ttl: 60) { () throws -> String in throw Outage() }
let report = try cache.cached("report", ttl: 60) { "fine" }
expect(outage == nil && report == "fine", "an error is not kept, and gives the lease back")

// A tag has 512 bytes at most.
for tag in [String(repeating: "x", count: 513), "reports"] {
    _ = try cache.cached("refused", ttl: 60, tags: [tag]) { tag }
}
let refused = try cache.cached("refused", ttl: 60) { "computed once more" }
expect(refused == "reports", "a refused SET gives the lease back")

let long = String(repeating: "long:", count: 100)
let first = try cache.cached("text", long, "%", ttl: 60, tags: ["texts"]) { 1 }
let second = try cache.cached("text", long, "%", ttl: 60, tags: ["texts"]) { 2 }
expect(first == 1 && second == 1, "a key may be long")

var late = 0
for _ in 1...2 {
    late = try cache.cached("late", ttl: 60, tags: ["late"]) { cache.invalidates("late") { late + 1 } }
}
expect(late == 2, "what was computed before an invalidation is not stored")

// Nothing listens on port 1 of this machine.
let unreachable = Cache(port: 1) { _ in }
expect(try user(7, from: unreachable)?.name == "Grace" && computed == 4, "without nearcached it is just computed")

exit(failures == 0 ? 0 : 1)
