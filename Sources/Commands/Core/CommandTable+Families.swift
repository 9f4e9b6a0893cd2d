extension CommandTable {
    /// The table of all families.
    public static func standard() -> CommandTable {
        CommandTable(
            TransactionCommands.specs + KeyspaceCommands.specs + ScanCommands.specs
                + StringCommands.specs + BitCommands.specs + KeyCommands.specs + SerializationCommands.specs)
    }
}
