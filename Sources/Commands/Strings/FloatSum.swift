import CLongDouble
import Primitives

/// The sum of two decimal texts, for INCRBYFLOAT.
///
/// It is computed in C's long double and printed with 17 decimals, so that it equals Redis's to the byte. A sum
/// beyond the largest double is refused, where Redis goes on to 1e4932: clients could not read it.
enum FloatSum {
    enum Failure: Error {
        case notFloat
        case outOfRange
    }

    /// Calls `body` with the sum's text.
    ///
    /// - Parameters:
    ///   - current: the value as it stands; nil for a key that does not exist, which counts as zero.
    ///   - increment: the number to add.
    static func with<Result>(
        _ current: ByteSlice?, _ increment: ByteSlice, _ body: (ByteSlice) -> Result
    ) throws(Failure) -> Result {
        // An empty value is no number, but a count of zero means "no value" to the C function.
        if let current, current.isEmpty { throw .notFloat }
        let outcome: Swift.Result<Result, Failure> = withUnsafeTemporaryAllocation(
            of: CChar.self, capacity: Int(NC_FLOAT_TEXT_CAPACITY)
        ) { buffer in
            guard let base = buffer.baseAddress else { return .failure(.outOfRange) }
            let left = current ?? ("" as StaticString).slice
            let count = nc_add_float_texts(left.base, left.count, increment.base, increment.count, base)
            if Int(count) == NC_FLOAT_NOT_A_NUMBER { return .failure(.notFloat) }
            guard count > 0 else { return .failure(.outOfRange) }
            return base.withMemoryRebound(to: UInt8.self, capacity: Int(count)) { bytes in
                .success(body(ByteSlice(base: bytes, count: Int(count))))
            }
        }
        return try outcome.get()
    }
}
