extension CommandTable {
    /// The table of all families.
    public static func standard() -> CommandTable {
        let strings = StringCommands.specs + StringCommands.staleSpecs + LeaseCommands.specs + BitCommands.specs
        let keys =
            KeyspaceCommands.specs + ScanCommands.specs + KeyCommands.specs + SerializationCommands.specs
            + InvalidationCommands.specs + TagCommands.specs
        let connections = ConnectionCommands.specs + ClientCommands.specs
        let server =
            ServerCommands.specs + ConfigCommands.specs + CommandCommands.specs + MemoryCommands.specs
            + SlowLogCommands.specs + LatencyCommands.specs + DebugCommands.specs + ReplicationCommands.specs
            + ClusterCommands.specs + RuleCommands.specs
        return CommandTable(strings + keys + TransactionCommands.specs + connections + server)
    }
}
