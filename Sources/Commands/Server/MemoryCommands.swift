import CAllocator
import Primitives
import RESP
import Store

/// MEMORY: what entries and the whole take.
enum MemoryCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "memory", group: .server, since: "4.0.0", summary: "A container for commands about memory.",
            subcommands: [
                CommandSpec(
                    "usage", arity: -3, flags: [.readOnly], keys: [.one(at: 2, [.readOnly])], group: .server,
                    since: "4.0.0", summary: "Returns the bytes that a key with its value takes.", complexity: "O(1)",
                    syntax: "key [SAMPLES count]", handler: { usage(Call($0)) }),
                CommandSpec(
                    "stats", arity: 2, flags: [.keyspace], group: .server, since: "4.0.0",
                    summary: "Reports what takes how much memory.", complexity: "O(1)", tips: reportTips,
                    handler: { statistics(Call($0)) }),
                CommandSpec(
                    "doctor", arity: 2, flags: [.keyspace], group: .server, since: "4.0.0",
                    summary: "Says what is wrong with the memory, if something is.", complexity: "O(1)",
                    tips: reportTips, handler: { doctor(Call($0)) }),
                CommandSpec(
                    "purge", arity: 2, flags: [], group: .server, since: "4.0.0",
                    summary: "Gives unused memory back to the system.",
                    complexity: "Depends on how much memory is allocated, could be slow",
                    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], handler: { purge(Call($0)) }),
                CommandHelp.spec(group: .server, since: "4.0.0"),
            ])
    ]

    private static let reportTips: [StaticString] = [
        "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
    ]

    private static func usage(_ call: Call) {
        var index = 3
        while index < call.argumentCount {
            guard call[index].equalsIgnoringCase("samples"), index + 1 < call.argumentCount else {
                return call.syntaxError()
            }
            guard let samples = call[index + 1].int64 else { return call.notInteger() }
            guard samples >= 0 else { return call.syntaxError() }
            index += 2
        }
        guard let entry = call.peek(call.key(2)) else { return call.reply.null() }
        call.reply.integer(Int64(entry.blockByteCount))
    }

    private static func statistics(_ call: Call) {
        let facts = ServerFacts(call.shared, withCommands: false, locking: !call.holdsAllShards)
        let fields = fields(of: facts)
        call.reply.map(fields.count)
        for (name, value) in fields {
            call.reply.bulk(name)
            switch value {
            case .count(let count): call.reply.integer(Int64(count))
            case .ratio(let ratio): call.reply.double(ratio)
            }
        }
    }

    enum Value {
        case count(Int)
        case ratio(Double)
    }

    /// The fields of MEMORY STATS under Redis's names.
    static func fields(of facts: ServerFacts) -> [(name: StaticString, value: Value)] {
        let memory = facts.memory
        let net = max(1, memory.usedBytes - memory.startupBytes)
        let ratio = { (part: Int, whole: Int) in Value.ratio(whole == 0 ? 0 : Double(part) / Double(whole)) }
        return [
            ("peak.allocated", .count(memory.peakBytes)),
            ("total.allocated", .count(memory.usedBytes)),
            ("startup.allocated", .count(memory.startupBytes)),
            ("replication.backlog", .count(0)),
            ("clients.slaves", .count(0)),
            ("clients.normal", .count(facts.clients.bufferByteCount)),
            ("cluster.links", .count(0)),
            ("aof.buffer", .count(0)),
            ("lua.caches", .count(0)),
            ("functions.caches", .count(0)),
            ("overhead.total", .count(memory.overheadBytes)),
            ("tables.allocated", .count(memory.tableBytes)),
            ("lazyfree.pending", .count(memory.detachedBytes)),
            ("keys.count", .count(facts.entryCount)),
            ("keys.bytes-per-key", .count(facts.entryCount == 0 ? 0 : net / facts.entryCount)),
            ("dataset.bytes", .count(memory.datasetBytes)),
            ("dataset.percentage", ratio(min(memory.datasetBytes, net) * 100, net)),
            ("peak.percentage", ratio(memory.usedBytes * 100, memory.peakBytes)),
            ("allocator.allocated", .count(memory.allocatedBytes)),
            ("allocator.active", .count(memory.activeBytes)),
            ("allocator.resident", .count(memory.allocatorResidentBytes)),
            ("allocator-fragmentation.ratio", ratio(memory.activeBytes, memory.allocatedBytes)),
            ("allocator-fragmentation.bytes", .count(memory.activeBytes - memory.allocatedBytes)),
            ("allocator-rss.ratio", ratio(memory.allocatorResidentBytes, memory.activeBytes)),
            ("allocator-rss.bytes", .count(memory.allocatorResidentBytes - memory.activeBytes)),
            ("rss-overhead.ratio", ratio(memory.residentBytes, memory.allocatorResidentBytes)),
            ("rss-overhead.bytes", .count(memory.residentBytes - memory.allocatorResidentBytes)),
            ("fragmentation", ratio(memory.residentBytes, memory.usedBytes)),
            ("fragmentation.bytes", .count(memory.residentBytes - memory.usedBytes)),
        ]
    }

    private static func doctor(_ call: Call) {
        let memory = ServerFacts(call.shared, withCommands: false, locking: !call.holdsAllShards).memory
        let complaints = complaints(about: memory)
        call.reply.verbatim(
            complaints.isEmpty
                ? "Nothing is wrong with the memory.\n" : complaints.map { "* \($0)\n" }.joined())
    }

    /// What MEMORY DOCTOR finds wrong. Below 5 MB fixed costs make every ratio look bad.
    static func complaints(about memory: ServerFacts.Memory) -> [String] {
        guard memory.usedBytes > 5 << 20 else { return [] }
        var complaints: [String] = []
        let used = Double(memory.usedBytes)
        if memory.peakBytes > memory.usedBytes / 2 * 3 {
            complaints.append(
                "The peak was \(NumberText.human(memory.peakBytes)), \(NumberText.fixed(Double(memory.peakBytes) / used, 2)) "
                    + "times of now: the resident size may be larger than what is held.")
        }
        if Double(memory.residentBytes) > used * 1.4 {
            complaints.append(
                "The resident size is \(NumberText.fixed(Double(memory.residentBytes) / used, 2)) times what is held: "
                    + "MEMORY PURGE gives unused pages back.")
        }
        if memory.maximumBytes > 0, memory.maximumBytes > memory.systemBytes {
            complaints.append("maxmemory is more than the machine has: it will swap, or be killed, first.")
        }
        return complaints
    }

    private static func purge(_ call: Call) {
        nc_allocator_purge()
        call.reply.ok()
    }
}
