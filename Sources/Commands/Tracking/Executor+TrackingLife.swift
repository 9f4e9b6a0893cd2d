import Configuration
import Store

/// Beginning and end of CLIENT TRACKING, and the upkeep of its tables.
extension Executor {
    /// Tracked keys that the first loop drops at a time, after the bound was lowered.
    private static let trimBudget = 1000

    /// Switches tracking on, or changes how it is done. With all loops parked, so that no change slips between.
    ///
    /// - Parameter target: the connection that `options` redirect to, with its loop.
    func beginTracking(
        _ session: UnsafeMutablePointer<Session>, _ options: TrackingOptions,
        target: (session: UnsafeMutablePointer<Session>, loopIndex: Int)?
    ) {
        let own = session.pointee.tracking ?? makeTracking(session, options)
        own.mode = options.mode
        own.isNoLoop = options.isNoLoop
        own.isRedirectionBroken = false
        own.redirection = nil
        if let target {
            let id = target.session.pointee.id
            own.redirection = ClientTracking.Redirection(id: id, loopIndex: target.loopIndex)
            shared.forEachExecutor { executor in
                if executor.loopIndex == target.loopIndex { executor.tracking.addressees[id] = target.session }
            }
        }
        if own.mode == .broadcast {
            for prefix in options.prefixes.isEmpty ? [[]] : options.prefixes where !own.prefixes.contains(prefix) {
                own.add(prefix)
                tracking.prefixes.insert(prefix, own.token)
                shared.tracking.add(prefix)
            }
        }
        if own.needsAttention {
            session.pointee.conditions.insert(.tracked)
        } else {
            session.pointee.conditions.remove(.tracked)
        }
        session.pointee.updateHeldByteCount()
    }

    private func makeTracking(
        _ session: UnsafeMutablePointer<Session>, _ options: TrackingOptions
    ) -> ClientTracking {
        let made = ClientTracking(token: shared.tracking.makeToken(loopIndex: loopIndex), options: options)
        session.pointee.tracking = made
        tracking.trackers[made.token.rawValue] = session
        let (isFirst, isFirstBroadcaster) = shared.tracking.begin(made)
        if isFirst { shared.setTracked(true) }
        if isFirstBroadcaster { shared.store.setNotesAll(true) }
        return made
    }

    /// Switches tracking off: with all loops parked, or when the connection goes. The last one of two that go at the same time
    /// sees that nobody is left; nobody can come meanwhile, since that takes all loops to be parked.
    func endTracking(_ session: UnsafeMutablePointer<Session>) {
        guard let own = session.pointee.tracking else { return }
        session.pointee.tracking = nil
        session.pointee.conditions.remove(.tracked)
        tracking.trackers[own.token.rawValue] = nil
        for prefix in own.prefixes { tracking.prefixes.remove(prefix, own.token) }
        let (isLast, isLastBroadcaster) = shared.tracking.end(own)
        if isLastBroadcaster { shared.store.setNotesAll(false) }
        if isLast { shared.setTracked(false) }
        session.pointee.updateHeldByteCount()
    }

    /// On the first loop, a slice: forgets what trackings that have ended had read, a shard at a time, and keeps the table to
    /// its bound. True when there is more to do.
    func trimTracking() -> Bool {
        let store = shared.store
        // With nobody left to track, no turn takes what was noted for those who are gone.
        if !shared.isTracked, store.hasNotes { _ = store.takeNotes() }
        if tracking.nextForgetful == nil, let ended = shared.tracking.takeEnded() {
            tracking.forgotten = ended
            tracking.nextForgetful = 0
        }
        if let index = tracking.nextForgetful {
            store.forgetReaders(tracking.forgotten, shard: index)
            tracking.nextForgetful = index + 1 < store.shardCount ? index + 1 : nil
        }
        let limit = settings.trackingTableMaximumKeyCount
        if limit > 0, store.trackedKeyCount > limit {
            return !store.dropTrackedKeys(downTo: limit, budget: Executor.trimBudget) || tracking.nextForgetful != nil
        }
        return tracking.nextForgetful != nil
    }
}
