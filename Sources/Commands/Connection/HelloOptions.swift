import Primitives

/// The arguments of HELLO: `[protover [AUTH username password] [SETNAME clientname]]`, options in any order.
struct HelloOptions {
    /// 2 or 3; nil to keep the version in use.
    var protocolVersion: Int32?
    var user: ByteSlice?
    var password: ByteSlice?
    var clientName: ByteSlice?

    /// Why the arguments were refused: the whole error text.
    struct Failure: Error {
        let text: String
    }

    /// Reads the arguments behind `HELLO`. Nothing is changed by it, so that a HELLO that fails leaves the connection alone.
    ///
    /// - Throws: Redis's error texts.
    init(_ arguments: [ByteSlice]) throws(Failure) {
        guard let version = arguments.first else { return }
        guard let number = version.int64 else {
            throw Failure(text: "ERR Protocol version is not an integer or out of range")
        }
        guard number == 2 || number == 3 else { throw Failure(text: "NOPROTO unsupported protocol version") }
        protocolVersion = Int32(number)
        var index = 1
        while index < arguments.count {
            let option = arguments[index]
            let remaining = arguments.count - 1 - index
            if option.equalsIgnoringCase("auth"), remaining >= 2 {
                user = arguments[index + 1]
                password = arguments[index + 2]
                index += 3
            } else if option.equalsIgnoringCase("setname"), remaining >= 1 {
                guard ClientAttribute.isValid(arguments[index + 1]) else {
                    throw Failure(text: "\(ClientAttribute.nameError)")
                }
                clientName = arguments[index + 1]
                index += 2
            } else {
                throw Failure(text: "ERR Syntax error in HELLO option '\(option.errorText)'")
            }
        }
    }
}
