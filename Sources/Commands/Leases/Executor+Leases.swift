import Store

/// Clients of this loop that wait for leases, and the waking of those of all loops.
extension Executor {
    /// Gives a client that is about to stand in line its ticket: a serial number, so that the line is in the order of coming, with
    /// the loop in the lower 8 bits. Before any shard is locked, so that whoever changes the key from here on knows that there may be
    /// somebody to wake.
    func beginLeaseWait(_ session: UnsafeMutablePointer<Session>) -> UInt64 {
        let ticket = shared.leaseWaitBegan() << 8 | UInt64(loopIndex & 0xFF)
        leaseWaits[ticket] = session
        return ticket
    }

    func endLeaseWait(_ ticket: UInt64) {
        leaseWaits[ticket] = nil
        shared.leaseWaitEnded()
    }

    /// Tells the loops of those who are to look again. Nothing is locked.
    @inline(never)
    func postLeaseWakes() {
        var tickets: [[UInt64]] = Array(repeating: [], count: shared.loopCount)
        for ticket in shared.store.takeLeaseWakes() {
            tickets[Int(ticket & 0xFF)].append(ticket)  // as `beginLeaseWait` has made it
        }
        for loop in tickets.indices where !tickets[loop].isEmpty { shared.control?.wake(tickets[loop], onLoop: loop) }
    }

    /// Calls `body` with the sessions of those tickets that still wait.
    public func forEachLeaseWait(_ tickets: [UInt64], _ body: (UnsafeMutablePointer<Session>) -> Void) {
        for ticket in tickets {
            if let session = leaseWaits[ticket] { body(session) }
        }
    }
}
