/** What has to go when a signal ends the process: temporary files and folders, registered while they exist. */
const registered = new Set<() => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs all that is registered; none of it can stop the others. */
export function cleanUp(): void {
  for (const cleanup of registered)
    try {
      cleanup();
    } catch {
      // The process ends all the same.
    }
  registered.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  // Somebody else decides what becomes of the process, as training does, which ends after its step.
  if (process.listenerCount(signal) > 1) return;
  cleanUp();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

/** Registers a synchronous cleanup for signals; returns what takes it back. Without any, signals do what they always do. */
export function onInterrupt(cleanup: () => void): () => void {
  if (!registered.size) for (const signal of signals) process.on(signal, onSignal);
  registered.add(cleanup);
  return () => {
    registered.delete(cleanup);
    if (!registered.size) for (const signal of signals) process.off(signal, onSignal);
  };
}
