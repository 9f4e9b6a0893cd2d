import CPrimitives
import Commands
import Configuration
import Networking
import RESP
import Store

/// `maxmemory-clients`: the largest clients go when all together take too much (reliability catalogue, R9).
extension Loop {
    /// Growth of this loop's clients after which the sum is looked at before the next tick, in bytes: one read.
    private static let growthGrain = 65_536
    /// Milliseconds between two evictions: those that were marked have to be freed before the sum tells anything. Longer
    /// when nobody had to go: then protected clients are what passes the limit.
    private static let evictionPauseMilliseconds: Int64 = 10
    private static let fruitlessPauseMilliseconds: Int64 = 100

    /// Books what the connection takes: its block and buffers with `maxmemory`, and those with the values that its replies
    /// refer to with `maxmemory-clients`. Called only when one of the two has changed.
    @inline(never)
    mutating func account(_ connection: ConnectionPointer, held: Int, referenced: Int) {
        let heldChange = held - connection.pointee.accountedByteCount
        let totalChange = heldChange + referenced - connection.pointee.referencedByteCount
        if heldChange != 0 {
            _ = nc_atomic_add_signed(&counters.pointee.bufferBytes, Int64(heldChange))
            store._withUnsafeGuaranteedRef { $0.book(foreignBytes: heldChange) }
        }
        _ = nc_atomic_add_signed(&counters.pointee.clientBytes, Int64(totalChange))
        connection.pointee.accountedByteCount = held
        connection.pointee.referencedByteCount = referenced
        if totalChange > 0 {
            clientGrowth += totalChange
            noteBuffers(of: connection)
        }
    }

    /// Notes the buffers for INFO's `client_recent_max_` fields.
    mutating func noteBuffers(of connection: ConnectionPointer) {
        recentInput.note(connection.pointee.input.capacity, now: now)
        recentOutput.note(connection.pointee.backlog.byteCount, now: now)
    }

    /// Publishes what `noteBuffers` has noted.
    mutating func publishRecentMaxima() {
        nc_atomic_store_signed(&counters.pointee.recentInputBytes, Int64(recentInput.maximum(now: now)))
        nc_atomic_store_signed(&counters.pointee.recentOutputBytes, Int64(recentOutput.maximum(now: now)))
    }

    /// Whether clients are to be evicted after this turn. At every tick, and when this loop's have grown.
    mutating func looksForLargeClients(isTick: Bool) -> Bool {
        guard clientGrowth >= Self.growthGrain || isTick else { return false }
        clientGrowth = 0
        guard settings.maxMemoryClientsBytes > 0, now >= nextClientEviction else { return false }
        return server._withUnsafeGuaranteedRef { $0.clientByteCount } > settings.maxMemoryClientsBytes
    }

    /// Marks the largest clients of all loops until the others fit. Between turns: no turn lock is held here.
    mutating func evictClients() {
        let safepoint = safepoint
        let limit = settings.maxMemoryClientsBytes
        var count = 0
        safepoint.pointee.whileParked {
            count = server._withUnsafeGuaranteedRef { $0.closeLargestClients(limit: limit) }
        }
        nextClientEviction = now + (count > 0 ? Self.evictionPauseMilliseconds : Self.fruitlessPauseMilliseconds)
        if count > 0 { warnOfEviction(count) }
    }
}

extension Server {
    /// Bytes of all clients with the values that their replies refer to.
    var clientByteCount: Int {
        counters.reduce(0) { $0 + Int(nc_atomic_load_signed(&$1.pointee.clientBytes)) }
    }

    /// Closes clients, the largest first, until the others take at most `limit` bytes. Those under CLIENT NO-EVICT neither go nor
    /// count: counted, as in Redis, a large one of them would drive out everybody else. With all loops parked: each loop
    /// frees its own later. O(n log n) in the number of clients.
    ///
    /// - Returns: how many were closed.
    func closeLargestClients(limit: Int) -> Int {
        var total = 0
        var candidates: [(byteCount: Int, connection: ConnectionPointer)] = []
        forEachConnection { connection in
            guard !Connection.session(of: connection).pointee.isProtectedFromEviction else { return }
            let byteCount = connection.pointee.accountedByteCount + connection.pointee.referencedByteCount
            total += byteCount
            candidates.append((byteCount, connection))
        }
        guard total > limit else { return 0 }
        candidates.sort { $0.byteCount > $1.byteCount }
        var count = 0
        for (byteCount, connection) in candidates where total > limit {
            total -= byteCount
            count += 1
            let loop = Int(connection.pointee.loopIndex)
            nc_counter_add(&counters[loop].pointee.evictedClients, 1)
            connection.pointee.machine.kill(isOwnCommand: false)
            inbox(of: loop).post(.killed)
        }
        return count
    }
}
