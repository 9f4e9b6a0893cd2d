/// What one loop has to tell another's clients under CLIENT TRACKING.
public enum TrackingMessage: Sendable {
    /// `key`, which `reader` has read, has changed by the command of `writer`.
    case changed(key: [UInt8], reader: ReaderNumber, writer: ReaderNumber)
    /// Keys that have changed, in ascending order, and by whom last: for who has their prefixes.
    case broadcast([(key: [UInt8], writer: ReaderNumber)])
    /// All keys have changed; `except` has been told.
    case flushed(except: ReaderNumber)
    /// A message for another connection than the one that tracks.
    case redirected(frame: [UInt8], id: UInt64, tracker: ReaderNumber)
    /// The connection that messages of `tracker` go to is gone.
    case redirectionBroken(tracker: ReaderNumber)

    /// A `ReaderToken`'s number.
    public typealias ReaderNumber = UInt64
}

/// The frames that clients get, in RESP3.
enum TrackingFrame {
    private static let header: StaticString = ">2\r\n$10\r\ninvalidate\r\n"

    /// That `keys` have changed.
    static func invalidation<Keys: Collection<[UInt8]>>(of keys: Keys) -> [UInt8] {
        var frame = bytes(of: header)
        frame.append(contentsOf: "*\(keys.count)\r\n".utf8)
        for key in keys {
            frame.append(contentsOf: "$\(key.count)\r\n".utf8)
            frame.append(contentsOf: key)
            frame.append(contentsOf: [0x0D, 0x0A])
        }
        return frame
    }

    /// That all keys have changed.
    static var everything: [UInt8] { bytes(of: header) + Array("_\r\n".utf8) }

    /// That messages no longer reach connection `id`.
    static func brokenRedirection(_ id: UInt64) -> [UInt8] {
        Array(">2\r\n$21\r\ntracking-redir-broken\r\n:\(id)\r\n".utf8)
    }

    private static func bytes(of text: StaticString) -> [UInt8] {
        Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
