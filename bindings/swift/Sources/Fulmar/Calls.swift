import Foundation

// How calls into Rust become calls of Swift: typed errors, and cancellation that arrives.

/// A call that may wait: cancelling the task that awaits it ends the call in Rust too, which nobody
/// else does.
func cancellable<T: Sendable>(_ call: (CancelHandle) async throws -> T) async throws -> T {
    let cancel = CancelHandle()
    return try await withTaskCancellationHandler {
        try await call(cancel)
    } onCancel: {
        elsewhere { cancel.cancel() }
    }
}

/// Runs something soon, with no lock held.
///
/// A cancellation handler runs while the task's own lock is held. Rust, waking what waits, takes a lock
/// of its own, under which it resumes tasks, which takes theirs: the other way round. So a handler never
/// calls Rust itself.
func elsewhere(_ work: @escaping @Sendable () -> Void) {
    Task.detached { work() }
}

/// What is neither an outcome nor an error of the call itself is a mistake inside: a panic.
func command<T>(_ call: () async throws -> T) async throws(CommandError) -> T {
    do {
        return try await call()
    } catch let error as CommandError {
        throw error
    } catch {
        throw .bug(reason: text(of: error))
    }
}

/// The same for calls that answer at once.
func now<T>(_ call: () throws -> T) throws(CommandError) -> T {
    do {
        return try call()
    } catch let error as CommandError {
        throw error
    } catch {
        throw .bug(reason: text(of: error))
    }
}

func text(of error: any Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? String(describing: error)
}
