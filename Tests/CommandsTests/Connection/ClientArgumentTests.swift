import Primitives
import Testing

@testable import Commands

/// Lends the words of a command line as slices.
private func withWords<Result>(_ line: String, _ body: ([ByteSlice]) -> Result) -> Result {
    let words = line.split(separator: " ").map { Array($0.utf8) }
    let storage: [UInt8] = words.reduce([], +) + [0]
    return storage.withUnsafeBufferPointer { buffer in
        guard var base = buffer.baseAddress else { return body([]) }
        var slices: [ByteSlice] = []
        for word in words {
            slices.append(ByteSlice(base: base, count: word.count))
            base += word.count
        }
        return body(slices)
    }
}

@Suite struct ClientArgumentTests {
    @Test(arguments: [
        ("id 0", "ERR client-id should be greater than 0"),
        ("id abc", "ERR client-id should be greater than 0"),
        ("id 99 foo", "ERR syntax error"),
        ("id 99 foo x", "ERR syntax error"),
        ("type foo", "ERR Unknown client type 'foo'"),
        ("user nobody", "ERR No such user 'nobody'"),
        ("skipme maybe", "ERR syntax error"),
        ("maxage x", "ERR maxage is not an integer or out of range"),
        ("maxage 0", "ERR maxage should be greater than 0"),
        ("id 5 maxage 3 type normal addr 1.2.3.4:5 laddr x user default skipme no", ""),
        ("1.2.3.4:5", ""),
    ])
    func killArguments(line: String, error: String) {
        let found = withWords(line) { words in
            do throws(ClientArgumentError) {
                _ = try ClientKillFilter(words)
                return ""
            } catch {
                return error.text
            }
        }
        #expect(found == error)
    }

    @Test func killConditionsMustAllHold() throws {
        func matches(_ line: String, id: UInt64 = 7, age: Int64 = 10) -> Bool {
            withWords(line) { words in
                guard let filter = try? ClientKillFilter(words) else { return false }
                return filter.matches(
                    id: id, address: ("1.2.3.4:5" as StaticString).slice,
                    localAddress: ("6.7.8.9:6379" as StaticString).slice, ageSeconds: age)
            }
        }
        #expect(matches("1.2.3.4:5"))
        #expect(!matches("1.2.3.4:50"))
        #expect(matches("ID 7 TYPE Normal"))
        #expect(!matches("ID 7 TYPE master"))
        #expect(!matches("ID 8"))
        #expect(matches("MAXAGE 10"))
        #expect(!matches("MAXAGE 11"))
        #expect(matches("addr 1.2.3.4:5 laddr 6.7.8.9:6379"))
        #expect(!matches("addr 1.2.3.4:5 laddr 6.7.8.9:6380"))
    }

    @Test(arguments: [
        ("type foo", "ERR Unknown client type 'foo'"), ("type", "ERR syntax error"), ("foo bar", "ERR syntax error"),
        ("id", "ERR syntax error"), ("id 1 x", "ERR Invalid client ID"), ("id 1 2 99", ""), ("TYPE slave", ""),
        ("", ""),
    ])
    func listArguments(line: String, error: String) {
        let found = withWords(line) { words in
            do throws(ClientArgumentError) {
                _ = try ClientListFilter(words)
                return ""
            } catch {
                return error.text
            }
        }
        #expect(found == error)
    }

    @Test(arguments: [
        ("1", "NOPROTO unsupported protocol version"), ("4", "NOPROTO unsupported protocol version"),
        ("-1", "NOPROTO unsupported protocol version"),
        ("abc", "ERR Protocol version is not an integer or out of range"),
        ("99999999999999999999", "ERR Protocol version is not an integer or out of range"),
        ("3 foo", "ERR Syntax error in HELLO option 'foo'"),
        ("2 auth a", "ERR Syntax error in HELLO option 'auth'"),
        ("2 setname", "ERR Syntax error in HELLO option 'setname'"),
        ("2 setname a\u{1}b", "ERR Client names cannot contain spaces, newlines or special characters."),
        ("3 setname x AUTH user password", "ok 3 user password x"),
        ("2 AUTH a b auth c d", "ok 2 c d nil"),
        ("", "ok nil nil nil nil"),
    ])
    func helloArguments(line: String, expected: String) {
        let found = withWords(line) { words in
            do throws(HelloOptions.Failure) {
                let options = try HelloOptions(words)
                let version = options.protocolVersion.map { "\($0)" } ?? "nil"
                let texts = [options.user, options.password, options.clientName].map { $0?.string ?? "nil" }
                return (["ok", version] + texts).joined(separator: " ")
            } catch {
                return error.text
            }
        }
        #expect(found == expected)
    }

    @Test func aLineOfTheListHasRedissFieldsInOrder() {
        var line = ClientLine()
        line.id = 3
        line.flags = [.monitor, .noTouch, .unixSocket]
        line.name = "worker"
        let names = line.text.split(separator: " ").map { String($0.prefix { $0 != "=" }) }
        #expect(
            names == [
                "id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "db", "sub", "psub", "ssub", "multi",
                "watch", "qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl", "oll", "omem", "tot-mem",
                "events", "cmd", "user", "redir", "resp", "lib-name", "lib-ver",
            ])
        #expect(line.text.contains(" flags=OUT "))
        #expect(line.text.hasSuffix("\n"))
        #expect(ClientLine().text.contains(" flags=N "))
    }

    @Test(arguments: [
        ("redis-py(celery_v5.7.0)", true), ("a,b", true), ("", true), ("a b", false), ("a\nb", false), ("é", false),
        ("\u{7F}", false),
    ])
    func names(text: String, isValid: Bool) {
        #expect(withSlice(of: text) { ClientAttribute.isValid($0) } == isValid)
    }
}
