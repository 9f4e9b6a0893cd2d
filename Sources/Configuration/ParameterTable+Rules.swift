extension ParameterTable {
    static let rules = ParameterSection(
        title: "Rules",
        parameters: [
            Parameter(
                .rules, .rules, .rules([]),
                """
                What applies to keys that match a pattern; one line a rule, e.g. "rule users user:* ttl 3600 jitter 10 \
                tag-template user:{1}". Of several that match, the one with the longest text before its first wildcard \
                counts, then the one that is defined first. ttl is for values that come without one, max-ttl and \
                min-ttl bound every deadline, jitter shortens lifetimes at random by up to so many percent, stale holds \
                values past their deadline, tags and tag-template (where {1} is what the first * has matched) tag them, \
                invalidates names patterns of keys, or tag:NAME, that a write or deletion invalidates, no-store and \
                max-value keep values out. A second rule of the same name replaces the first. RULE SET and RULE DEL \
                change rules at run time and CONFIG REWRITE writes them here. See docs/rules.md.
                """)
        ]
    )
}
