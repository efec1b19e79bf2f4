import { exitCode } from '../../models/error.js';
import { cleanUp } from '../system/cleanup.js';

const codes = { SIGINT: exitCode.interrupted, SIGTERM: exitCode.terminated } as const;

/**
 * Runs `use` with a signal that the first Ctrl-C or SIGTERM aborts, with the exit code as its reason. A
 * second one removes temporary files and ends the process at once.
 */
export async function interruptible<T>(
  use: (signal: AbortSignal) => Promise<T>,
  onFirst: () => void = () => undefined,
): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const code = codes[name as keyof typeof codes];
    if (interrupt.signal.aborted) {
      cleanUp();
      process.exit(code);
    }
    onFirst();
    interrupt.abort(code);
  };
  const names = Object.keys(codes) as (keyof typeof codes)[];
  for (const name of names) process.on(name, onSignal);
  try {
    return await use(interrupt.signal);
  } finally {
    for (const name of names) process.off(name, onSignal);
  }
}
