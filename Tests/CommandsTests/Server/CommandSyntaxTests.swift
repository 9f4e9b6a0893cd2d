import Testing

@testable import Commands

@Suite struct CommandSyntaxTests {
    /// One line an argument: flags, token, name, type, and in brackets what is inside.
    private func render(_ text: String) -> String {
        guard let syntax = CommandSyntax(text) else { return "nil" }
        return syntax.arguments.map(render).joined(separator: " ")
    }

    private func render(_ argument: CommandArgument) -> String {
        var text = argument.name + ":" + argument.kind.rawValue
        if let token = argument.token { text = token + "=" + text }
        if argument.isOptional { text += "?" }
        if argument.isMultiple { text += argument.isMultipleToken ? "**" : "*" }
        if !argument.arguments.isEmpty { text += "(" + argument.arguments.map(render).joined(separator: " ") + ")" }
        return text
    }

    @Test(arguments: [
        ("", ""),
        ("key", "key:key"),
        ("key [key ...]", "key:key*"),
        ("message", "message:string"),
        ("key value [key value ...]", "key-value:block*(key:key value:string)"),
        ("[NX | XX]", "condition:oneof?(NX=nx:pure-token XX=xx:pure-token)"),
        (
            "key [GET] [EX seconds | PXAT unix-time-milliseconds | KEEPTTL]",
            "key:key GET=get:pure-token? expiration:oneof?(EX=seconds:integer "
                + "PXAT=unix-time-milliseconds:unix-time KEEPTTL=keepttl:pure-token)"
        ),
        ("<ON | OFF>", "on-off:oneof(ON=on:pure-token OFF=off:pure-token)"),
        ("[ID client-id [client-id ...]]", "ID=client-id:integer?*"),
        ("[PREFIX prefix [PREFIX prefix ...]]", "PREFIX=prefix:string?**"),
        (
            "[protover [AUTH username password] [SETNAME clientname]]",
            "protover-auth-clientname:block?(protover:integer AUTH=auth:block?(username:string password:string) "
                + "SETNAME=clientname:string?)"
        ),
        ("[TYPE <NORMAL | PUBSUB>]", "TYPE=normal-pubsub:oneof?(NORMAL=normal:pure-token PUBSUB=pubsub:pure-token)"),
        (
            "[start end [BYTE | BIT]]",
            "start-end-byte-bit:block?(start:integer end:integer byte-bit:oneof?(BYTE=byte:pure-token "
                + "BIT=bit:pure-token))"
        ),
        ("[event [event ...]]", "event:string?*"),
        ("numkeys key [key ...]", "numkeys:integer key:key*"),
        (
            "[<GET encoding offset | SET encoding offset value> ...]",
            "get-set:oneof?*(GET=get:block(encoding:string offset:integer) "
                + "SET=set:block(encoding:string offset:integer value:string))"
        ),
        ("[key", "nil"),
        ("key]", "nil"),
        ("<a]", "nil"),
    ])
    func parsesTheManualsNotation(text: String, expected: String) {
        #expect(render(text) == expected)
    }
}
