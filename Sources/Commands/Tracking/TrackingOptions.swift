import Primitives

/// The arguments behind `CLIENT TRACKING`.
struct TrackingOptions {
    var isOn = false
    var isBroadcast = false
    var isOptIn = false
    var isOptOut = false
    var isNoLoop = false
    /// 0 for none.
    var redirectionID: UInt64 = 0
    var prefixes: [[UInt8]] = []

    var mode: ClientTracking.Mode {
        if isBroadcast { return .broadcast }
        return isOptIn ? .chosenReads : isOptOut ? .otherReads : .reads
    }

    /// Reads the arguments.
    ///
    /// - Parameter exists: whether there is a connection of that number.
    /// - Throws: Redis's error texts.
    init(_ arguments: [ByteSlice], exists: (UInt64) -> Bool) throws(ClientArgumentError) {
        var index = 1
        while index < arguments.count {
            let option = arguments[index]
            let value = index + 1 < arguments.count ? arguments[index + 1] : nil
            index += 1
            if option.equalsIgnoringCase("redirect"), let value {
                guard redirectionID == 0 else {
                    throw ClientArgumentError(text: "ERR A client can only redirect to a single other client")
                }
                guard let id = value.int64 else {
                    throw ClientArgumentError(text: "ERR value is not an integer or out of range")
                }
                guard id > 0, exists(UInt64(id)) else {
                    throw ClientArgumentError(text: "ERR The client ID you want redirect to does not exist")
                }
                redirectionID = UInt64(id)
                index += 1
            } else if option.equalsIgnoringCase("prefix"), let value {
                prefixes.append(value.array)
                index += 1
            } else if option.equalsIgnoringCase("bcast") {
                isBroadcast = true
            } else if option.equalsIgnoringCase("optin") {
                isOptIn = true
            } else if option.equalsIgnoringCase("optout") {
                isOptOut = true
            } else if option.equalsIgnoringCase("noloop") {
                isNoLoop = true
            } else {
                throw .syntax
            }
        }
        isOn = arguments.first?.equalsIgnoringCase("on") == true
        guard isOn || arguments.first?.equalsIgnoringCase("off") == true else { throw .syntax }
    }

    /// Checks that the options fit each other and what is in force.
    ///
    /// - Throws: Redis's error texts.
    func check(against present: ClientTracking?) throws(ClientArgumentError) {
        let isRepeatable = "before disabling tracking for this client, and then re-enabling it with a different mode."
        if !isBroadcast, !prefixes.isEmpty {
            throw ClientArgumentError(text: "ERR PREFIX option requires BCAST mode to be enabled")
        }
        if let present, (present.mode == .broadcast) != isBroadcast {
            throw ClientArgumentError(text: "ERR You can't switch BCAST mode on/off \(isRepeatable)")
        }
        if isBroadcast, isOptIn || isOptOut {
            throw ClientArgumentError(text: "ERR OPTIN and OPTOUT are not compatible with BCAST")
        }
        if isOptIn, isOptOut {
            throw ClientArgumentError(text: "ERR You can't specify both OPTIN mode and OPTOUT mode")
        }
        if isOptIn && present?.mode == .otherReads || isOptOut && present?.mode == .chosenReads {
            throw ClientArgumentError(text: "ERR You can't switch OPTIN/OPTOUT mode \(isRepeatable)")
        }
        if isBroadcast { try checkPrefixes(besides: present?.prefixes ?? []) }
    }

    /// No key may have two of a connection's prefixes. O(n²), hence the bound on n.
    private func checkPrefixes(besides present: [[UInt8]]) throws(ClientArgumentError) {
        guard prefixes.count + present.count <= ClientTracking.maximumPrefixCount else {
            throw ClientArgumentError(
                text: "ERR a connection may have \(ClientTracking.maximumPrefixCount) prefixes at most")
        }
        for (index, prefix) in prefixes.enumerated() {
            if let other = present.first(where: { Self.overlap($0, prefix) }) {
                throw Self.overlapError(prefix, "an existing prefix", other)
            }
            if let other = prefixes[(index + 1)...].first(where: { Self.overlap($0, prefix) }) {
                throw Self.overlapError(prefix, "another provided prefix", other)
            }
        }
    }

    private static func overlap(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.starts(with: b) || b.starts(with: a) }

    private static func overlapError(_ prefix: [UInt8], _ kind: String, _ other: [UInt8]) -> ClientArgumentError {
        let shown = { (bytes: [UInt8]) in String(decoding: bytes.prefix(128), as: UTF8.self) }
        return ClientArgumentError(
            text: """
                ERR Prefix '\(shown(prefix))' overlaps with \(kind) '\(shown(other))'. Prefixes for a single client must \
                not overlap.
                """)
    }
}
