/**
 * What to remove when a signal ends the process: temporary files and folders, registered while they exist.
 */
const registered = new Set<() => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs every registered cleanup; one that throws does not stop the others. */
export function cleanUp(): void {
  for (const cleanup of registered)
    try {
      cleanup();
    } catch {
      // The process ends anyway.
    }
  registered.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  // Another listener decides what happens to the process: training, for one, ends after its current step.
  if (process.listenerCount(signal) > 1) return;
  cleanUp();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

/**
 * Registers a synchronous cleanup for signals; returns a function that unregisters it. With none registered,
 * signals keep their default effect.
 */
export function onInterrupt(cleanup: () => void): () => void {
  if (!registered.size) for (const signal of signals) process.on(signal, onSignal);
  registered.add(cleanup);
  return () => {
    registered.delete(cleanup);
    if (!registered.size) for (const signal of signals) process.off(signal, onSignal);
  };
}
