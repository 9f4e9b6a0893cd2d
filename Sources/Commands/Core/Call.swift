import CPrimitives
import Primitives
import RESP
import Store
import Telemetry

/// The facts of the command under way; one per loop, written by the executor.
struct CallState {
    var arguments: UnsafeMutablePointer<ByteSlice>
    var argumentCount: Int
    var command: UnsafePointer<Command>
    /// The hash of the first declared key, when the executor has computed it.
    var firstKeyHash: UInt64
    var hasFirstKeyHash: Bool
    /// Whether EXEC runs this command.
    var isInExec: Bool
    /// Whether all shards are locked (EXEC with a command over the whole keyspace).
    var holdsAllShards: Bool
    /// A large value copied before its key was locked.
    var preparedBlock: SharedBlock?
    var session: UnsafeMutablePointer<Session>
    var output: UnsafeMutablePointer<ReplyBuffer>
    let executor: Unmanaged<Executor>
    let access: StoreAccess
    let counters: CounterBlock
    /// `default-stale`.
    var defaultStaleSeconds: UInt32 = 0
    /// The rules in force; nil without any.
    var rules: RuleTable?
    /// What this loop counts under rules; see `RuleRegistry.index`.
    let ruleCounts: CounterBlock
    /// Whether the command has set off what its keys' rules invalidate: `Executor.invalidateByRules` is to be called.
    var hasRuleInvalidations = false
    /// For the jitter of lifetimes.
    var generator: RandomGenerator
    /// Store milliseconds of this turn.
    var nowMilliseconds: Int64
}

/// One command under way. A pointer, so it is passed freely.
///
/// While a handler runs, the shards of all its declared keys are locked; it replies exactly once, and changes nothing when
/// it replies an error.
public struct Call {
    let state: UnsafeMutablePointer<CallState>

    @inline(__always)
    public init(_ pointer: UnsafeMutableRawPointer) { state = pointer.assumingMemoryBound(to: CallState.self) }

    /// Arguments, the command's name (and subcommand's) counted in.
    @inline(__always)
    public var argumentCount: Int { state.pointee.argumentCount }

    /// The argument at `index`, from 0; the dispatcher has checked the arity, the handler checks the rest.
    @inline(__always)
    public subscript(index: Int) -> ByteSlice {
        precondition(index >= 0 && index < state.pointee.argumentCount)
        return state.pointee.arguments[index]
    }

    @inline(__always)
    public var session: UnsafeMutablePointer<Session> { state.pointee.session }

    @inline(__always)
    public var reply: ReplyWriter {
        ReplyWriter(state.pointee.output, version: state.pointee.session.pointee.protocolVersion)
    }

    /// Store milliseconds, fixed for the turn: what deadlines compare with.
    @inline(__always)
    public var nowMilliseconds: Int64 { state.pointee.nowMilliseconds }

    /// Unix milliseconds, fixed for the turn.
    public var wallMilliseconds: Int64 { nowMilliseconds &+ shared.clock.wallOffsetMilliseconds }

    /// Process-wide things that no hot path needs.
    public var shared: SharedState { state.pointee.executor._withUnsafeGuaranteedRef { $0.shared } }

    /// The executor of this loop.
    var executor: Executor { state.pointee.executor.takeUnretainedValue() }

    @inline(__always)
    var access: StoreAccess { state.pointee.access }

    public var store: Store { shared.store }

    /// Whether EXEC runs this command: no job, no blocking.
    public var isInTransaction: Bool { state.pointee.isInExec }

    /// Whether all shards are locked already, so that nothing may be locked now.
    public var holdsAllShards: Bool { state.pointee.holdsAllShards }

    /// Index of this command in the table.
    public var commandIndex: Int { Int(state.pointee.command.pointee.index) }
}
