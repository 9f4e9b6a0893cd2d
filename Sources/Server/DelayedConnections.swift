/// Connections whose jobs are to be asked at a time, the soonest first: a binary heap whose members know their places, so that one
/// that is woken before leaves it in O(log n).
struct DelayedConnections: ~Copyable {
    private struct Member {
        var due: Int64
        var connection: ConnectionPointer
    }

    private var members: UnsafeMutablePointer<Member>
    private(set) var count = 0
    private var capacity = 64

    init() { members = .allocate(capacity: capacity) }

    deinit { members.deallocate() }

    @inline(__always)
    var isEmpty: Bool { count == 0 }

    /// When the first is due; `Int64.max` when there is none.
    var firstDue: Int64 { count > 0 ? members[0].due : .max }

    /// Takes a connection in that is not there.
    ///
    /// - Parameter due: in the caller's milliseconds.
    mutating func insert(_ connection: ConnectionPointer, due: Int64) {
        precondition(connection.pointee.delayedIndex < 0)
        if count == capacity { grow() }
        count += 1
        rise(Member(due: due, connection: connection), from: count - 1)
    }

    /// Takes the first out if it is due at `now`.
    mutating func removeFirst(dueAt now: Int64) -> ConnectionPointer? {
        guard count > 0, members[0].due <= now else { return nil }
        let connection = members[0].connection
        remove(connection)
        return connection
    }

    /// Takes a connection out; false when it is not there.
    @discardableResult
    mutating func remove(_ connection: ConnectionPointer) -> Bool {
        let index = Int(connection.pointee.delayedIndex)
        guard index >= 0, index < count else { return false }
        connection.pointee.delayedIndex = -1
        count -= 1
        guard index < count else { return true }
        let last = members[count]
        // One of the two moves it; the other finds it in its place.
        sink(last, from: index)
        rise(last, from: Int(last.connection.pointee.delayedIndex))
        return true
    }

    private mutating func rise(_ member: Member, from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            if members[parent].due <= member.due { break }
            put(members[parent], at: index)
            index = parent
        }
        put(member, at: index)
    }

    private mutating func sink(_ member: Member, from start: Int) {
        var index = start
        while true {
            var child = 2 * index + 1
            if child >= count { break }
            if child + 1 < count, members[child + 1].due < members[child].due { child += 1 }
            if member.due <= members[child].due { break }
            put(members[child], at: index)
            index = child
        }
        put(member, at: index)
    }

    private mutating func put(_ member: Member, at index: Int) {
        members[index] = member
        member.connection.pointee.delayedIndex = Int32(clamping: index)
    }

    private mutating func grow() {
        let grown = UnsafeMutablePointer<Member>.allocate(capacity: capacity * 2)
        grown.update(from: members, count: count)
        members.deallocate()
        members = grown
        capacity *= 2
    }
}
