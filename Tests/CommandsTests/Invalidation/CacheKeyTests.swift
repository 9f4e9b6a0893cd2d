import Primitives
import Testing

@testable import Commands

@Suite struct CacheKeyTests {
    private func key(_ words: [[UInt8]]) -> String {
        // The slices lie in one buffer that outlives the call.
        let bytes: [UInt8] = Array(words.joined()) + [0]
        return bytes.withUnsafeBufferPointer { buffer in
            var slices: [ByteSlice] = []
            var start = 0
            for word in words {
                slices.append(ByteSlice(base: buffer.baseAddress! + start, count: word.count))
                start += word.count
            }
            return String(decoding: slices.withUnsafeBufferPointer { CacheKey.make($0) } ?? [], as: UTF8.self)
        }
    }

    private func key(_ words: String...) -> String { key(words.map { Array($0.utf8) }) }

    @Test func wordsAreJoined() {
        #expect(key("user") == "user")
        #expect(key("user", "42", "profile") == "user:42:profile")
        #expect(key("user", "", "") == "user::")
        #expect(key("") == "")
        #expect(key("", "") == ":")
    }

    @Test func colonsAndPercentSignsAreEncoded() {
        #expect(key("a:b", "c") == "a%3Ab:c")
        #expect(key("a", "b:c", "100%") == "a:b%3Ac:100%25")
        #expect(key("a", "%3A") == "a:%253A")
    }

    @Test func keysUpToTheBoundArePlain() {
        let longest = "ns:" + String(repeating: "x", count: 247)
        #expect(key("ns", String(repeating: "x", count: 247)) == longest)
        #expect(key("ns", String(repeating: "x", count: 248)).utf8.count == "ns:%sha256-".utf8.count + 64)
        // Encoded words count, not those given.
        #expect(key("ns", String(repeating: ":", count: 83)).hasPrefix("ns:%sha256-"))
        #expect(key("ns", String(repeating: ":", count: 82)) == "ns:" + String(repeating: "%3A", count: 82))
    }

    @Test func longKeysAreTheDigestOfThePlainOne() {
        // hashlib.sha256(b"ns:" + b"x" * 300).hexdigest()
        #expect(
            key("ns", String(repeating: "x", count: 300))
                == "ns:%sha256-15399418495939a36b011dfad701a584bca9ba31342c98d1fd7ba92fb21c25ef")
    }

    @Test func aNamespaceIsKeptAsLongAsThereIsRoom() {
        let longest = String(repeating: "n", count: 177)
        let text = key(longest, String(repeating: "x", count: 300))
        #expect(text.hasPrefix(longest + ":%sha256-"))
        #expect(text.utf8.count == CacheKey.maximumCount)
        let hashed = key(longest + "n", String(repeating: "x", count: 300))
        #expect(hashed.hasPrefix("%sha256-"))
        #expect(hashed.utf8.count == 72)
    }

    /// Words from a small alphabet, in which collisions would be many if there were any.
    @Test func differentWordsNeverMakeTheSameKey() {
        let words = ["", ":", "%", "a", "%3A", "a:", ":a", "%25", "a%", "::"].map { Array($0.utf8) }
        var seen: Set<String> = []
        var count = 0
        for first in words {
            seen.insert(key([first]))
            for second in words {
                seen.insert(key([first, second]))
                for third in words { seen.insert(key([first, second, third])) }
            }
        }
        count = words.count + words.count * words.count + words.count * words.count * words.count
        #expect(seen.count == count)
    }
}
