import Primitives
import RESP
import Store

/// Commands on keys, whatever they hold.
enum KeyCommands {}

extension KeyCommands {
    /// DEL and UNLINK: freeing one entry is cheap, and large values wait for the replies that send them.
    static func delete(_ call: Call) {
        var count: Int64 = 0
        for index in 1..<call.argumentCount {
            let key = call.key(index)
            guard let entry = call.lookupForWriting(key) else {
                call.removeHidden(key)
                continue
            }
            call.remove(entry)
            count += 1
        }
        call.reply.integer(count)
    }

    /// EXISTS: a key named twice counts twice.
    static func exists(_ call: Call) { count(call) { call.lookupUntouched($0) != nil } }

    static func touch(_ call: Call) { count(call) { call.lookup($0) != nil } }

    private static func count(_ call: Call, _ isThere: (Key) -> Bool) {
        var count: Int64 = 0
        for index in 1..<call.argumentCount where isThere(call.key(index)) { count += 1 }
        call.reply.integer(count)
    }

    static func type(_ call: Call) {
        guard let entry = call.lookupUntouched(call.key(1)) else { return call.reply.simple("none") }
        switch entry.type {
        case .string: call.reply.simple("string")
        case .hash: call.reply.simple("hash")
        case .list: call.reply.simple("list")
        case .set: call.reply.simple("set")
        case .sortedSet: call.reply.simple("zset")
        }
    }

    // MARK: Renaming and copying

    static func rename(_ call: Call) { rename(call, onlyIfMissing: false) }
    static func renameIfMissing(_ call: Call) { rename(call, onlyIfMissing: true) }

    private static func rename(_ call: Call, onlyIfMissing: Bool) {
        let (source, target) = (call.key(1), call.key(2))
        guard let entry = call.lookupForWriting(source) else { return call.noSuchKey() }
        if source.bytes.equals(target.bytes) {
            return onlyIfMissing ? call.reply.integer(0) : call.reply.ok()
        }
        if onlyIfMissing, call.lookupForWriting(target) != nil { return call.reply.integer(0) }
        guard move(entry, from: source, to: target, call) else { return }
        if onlyIfMissing { call.reply.integer(1) } else { call.reply.ok() }
    }

    /// Copies the entry to its new key and removes it; false when memory is short, which has been replied then.
    private static func move(_ entry: EntryHandle, from source: Key, to target: Key, _ call: Call) -> Bool {
        // Looking up the target may have removed an expired entry of the same shard.
        guard let present = call.peek(source) else { return call.stored(false) }
        guard call.set(target, toCopyOf: present, expiry: present.expiry) else { return false }
        if let old = call.peek(source) { call.remove(old) }
        return true
    }

    static func copy(_ call: Call) {
        var database = call.session.pointee.database
        var replaces = false
        var index = 3
        while index < call.argumentCount {
            if call[index].equalsIgnoringCase("replace") {
                replaces = true
            } else if call[index].equalsIgnoringCase("db"), index + 1 < call.argumentCount {
                index += 1
                guard let number = call.databaseIndex(index) else { return }
                database = number
            } else {
                return call.syntaxError()
            }
            index += 1
        }
        let source = call.key(1)
        let target = call.key(2, database: database)
        if source.database == database, source.bytes.equals(target.bytes) { return sameObjects(call) }
        guard call.lookup(source) != nil else { return call.reply.integer(0) }
        if call.lookupForWriting(target) != nil, !replaces { return call.reply.integer(0) }
        // Found again: the other look-up may have removed an expired entry of the same shard.
        guard let entry = call.peek(source) else { return call.reply.integer(0) }
        if call.set(target, toCopyOf: entry, expiry: entry.expiry) { call.reply.integer(1) }
    }

    /// MOVE. A key hashes to the same shard in every database, so the target is locked as well.
    static func move(_ call: Call) {
        guard let database = call.databaseIndex(2) else { return }
        let source = call.key(1)
        guard database != source.database else { return sameObjects(call) }
        let target = call.key(1, database: database)
        guard call.lookupForWriting(source) != nil else { return call.reply.integer(0) }
        if call.lookupForWriting(target) != nil { return call.reply.integer(0) }
        guard let entry = call.peek(source) else { return call.reply.integer(0) }
        if move(entry, from: source, to: target, call) { call.reply.integer(1) }
    }

    private static func sameObjects(_ call: Call) {
        call.reply.error("ERR source and destination objects are the same")
    }
}

extension Call {
    /// The database that argument `index` names; nil when it is none, which has been replied then.
    func databaseIndex(_ index: Int) -> Int? {
        guard let number = integer(index, in: Int64(Int32.min)...Int64(Int32.max)) else { return nil }
        guard number >= 0, number < Int64(store.databaseCount) else {
            reply.error("ERR DB index is out of range")
            return nil
        }
        return Int(number)
    }
}
