import Configuration
import Primitives
import RESP
import Store

/// RULE: what applies to keys that match a pattern, at run time.
enum RuleCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "rule", group: .server, since: "0.1.0",
            summary: "A container for commands about rules: what applies to keys that match a pattern.",
            subcommands: [
                // With all loops parked: none may go on with a rule table whose memory is given back.
                CommandSpec(
                    "set", arity: -4, flags: adminFlags.union(.exclusive), group: .server, since: "0.1.0",
                    summary: "Defines a rule, or another in the place of the one of its name; CONFIG REWRITE keeps it.",
                    complexity: "O(N) where N is the number of rules",
                    syntax: """
                        name pattern [TTL <seconds | ADAPTIVE minimum maximum>] [MAX-TTL seconds] [MIN-TTL seconds] \
                        [JITTER percent] [STALE seconds] [TAGS tag [tag ...]] [TAG-TEMPLATE template [template ...]] \
                        [INVALIDATES pattern [pattern ...]] [NO-STORE] [MAX-VALUE bytes]
                        """,
                    tips: allNodes, handler: { set(Call($0)) }),
                CommandSpec(
                    "del", arity: 3, flags: adminFlags.union(.exclusive), group: .server, since: "0.1.0",
                    summary: "Removes a rule; what was stored under it stays. Returns 1, or 0 without such a rule.",
                    complexity: "O(N) where N is the number of rules", syntax: "name", tips: allNodes,
                    handler: { remove(Call($0)) }),
                CommandSpec(
                    "get", arity: 3, flags: adminFlags.union(.keyspace), group: .server, since: "0.1.0",
                    summary: "Returns a rule with what was counted under it, or nothing.",
                    complexity: "O(N) where N is the number of shards and databases", syntax: "name",
                    tips: ["nondeterministic_output"], handler: { get(Call($0)) }),
                CommandSpec(
                    "list", arity: 2, flags: adminFlags, group: .server, since: "0.1.0",
                    summary: "Returns all rules in order of definition, each as the configuration file has it.",
                    complexity: "O(N) where N is the number of rules", handler: { list(Call($0)) }),
                CommandSpec(
                    "test", arity: 3, flags: adminFlags, group: .server, since: "0.1.0",
                    summary: "Returns what a write of the key would come under, or nothing. No key is looked up.",
                    complexity: "O(N) where N is the length of the key", syntax: "key", handler: { test(Call($0)) }),
                CommandHelp.spec(group: .server, since: "0.1.0"),
            ])
    ]

    private static let adminFlags: CommandFlags = [.admin, .noScript, .loading, .stale]
    private static let allNodes: [StaticString] = ["request_policy:all_nodes", "response_policy:all_succeeded"]

    private static func set(_ call: Call) {
        do throws(ConfigurationError) {
            try call.shared.configuration.setRule((2..<call.argumentCount).map { call[$0] })
            call.reply.ok()
        } catch {
            call.reply.error("ERR \(error.message)")
        }
    }

    private static func remove(_ call: Call) {
        do throws(ConfigurationError) {
            call.reply.integer(try call.shared.configuration.removeRule(named: call[2].string) ? 1 : 0)
        } catch {
            call.reply.error("ERR \(error.message)")
        }
    }

    private static func list(_ call: Call) {
        let rules = call.shared.configuration.values.rules
        call.reply.array(rules.count)
        for rule in rules { call.reply.bulk(rule.text) }
    }

    private static func get(_ call: Call) {
        let name = call[2]
        let rules = call.shared.configuration.values.rules
        guard let rule = rules.first(where: { rule in withSlice(of: rule.name) { $0.equals(name) } }),
            let facts = RuleFacts(rule, call.shared, locking: !call.holdsAllShards)
        else { return call.reply.null() }
        let adaptive = facts.adaptive
        call.reply.map(3 + facts.numbers.count + (adaptive == nil ? 0 : 6))
        field(call, "name", rule.name)
        field(call, "pattern", rule.pattern)
        field(call, "rule", rule.text)
        for (name, number) in facts.numbers {
            call.reply.bulk(name)
            call.reply.integer(number)
        }
        guard let adaptive else { return }
        call.reply.bulk("adaptive_ttl_ms")
        call.reply.integer(facts.adaptiveMilliseconds)
        for (name, figure) in [
            ("adaptive_hit_percent", adaptive.hitPercent), ("adaptive_rewrite_percent", adaptive.rewritePercent),
        ] {
            call.reply.bulk(name)
            if let figure { call.reply.integer(Int64(figure)) } else { call.reply.null() }
        }
        call.reply.bulk("adaptive_lookups")
        call.reply.integer(Int64(clamping: adaptive.lookups))
        call.reply.bulk("adaptive_writes")
        call.reply.integer(Int64(clamping: adaptive.writes))
        field(call, "adaptive_move", adaptive.direction.rawValue)
    }

    private static func field(_ call: Call, _ name: StaticString, _ value: String) {
        call.reply.bulk(name)
        call.reply.bulk(value)
    }

    private static func test(_ call: Call) {
        let key = call[2]
        guard let rules = call.state.pointee.rules, let rule = rules.rule(of: key) else { return call.reply.null() }
        let number = rule.pointee.number
        call.reply.map(6)
        call.reply.bulk("rule")
        call.reply.bulk(call.shared.rules.name(of: number) ?? "")
        call.reply.bulk("ttl_ms")
        let lifetime = rules.defaultMilliseconds(of: rule)
        if lifetime > 0 { call.reply.integer(lifetime) } else { call.reply.null() }
        call.reply.bulk("stale")
        call.reply.integer(rule.pointee.staleSeconds)
        call.reply.bulk("stored")
        call.reply.integer(rule.pointee.refuses(key, valueCount: 0) ? 0 : 1)
        var tags: [[UInt8]] = []
        _ = rule.pointee.forEachTag(of: key) { tag in
            tags.append(tag.array)
            return true
        }
        call.reply.bulk("tags")
        reply(call, tags)
        call.reply.bulk("invalidates")
        reply(call, rule.pointee.invalidationTexts(of: key))
    }

    private static func reply(_ call: Call, _ texts: [[UInt8]]) {
        call.reply.array(texts.count)
        for text in texts {
            text.withUnsafeBufferPointer { buffer in
                let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
                call.reply.bulk(ByteSlice(base: base, count: buffer.count))
            }
        }
    }
}
