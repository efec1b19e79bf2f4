import { displayWidth, duration, fitted } from './text.js';

/** Shows progress: a bar on a terminal, nothing elsewhere. `done` removes it. */
export type Progress = { update(done: number, total: number, note?: string): void; done(): void };

const WIDTH = 24;
const INTERVAL_MS = 100;

/**
 * A bar in the last line of `stream`, redrawn at most every 100 ms; `printable` makes text safe for the
 * terminal.
 */
export function progressBar(
  stream: NodeJS.WriteStream,
  label: string,
  printable: (text: string) => string,
): Progress {
  if (!stream.isTTY) return { update: () => undefined, done: () => undefined };
  const started = Date.now();
  let drawn = 0;
  return {
    update(done, total, note = '') {
      const now = Date.now();
      if (now - drawn < INTERVAL_MS && done < total) return;
      drawn = now;
      const filled = Math.floor((WIDTH * done) / Math.max(1, total));
      const left = done ? ((now - started) / 1000) * (total / done - 1) : 0;
      const bar = '#'.repeat(filled) + '.'.repeat(WIDTH - filled);
      const after = ` [${bar}] ${done}/${total}${note ? `  ${note}` : ''}  ${duration(left)} left`;
      const width = Math.max(1, (stream.columns || 80) - 1);
      const name = fitted(printable(label), Math.max(8, width - displayWidth(after)));
      stream.write(`\r\x1b[2K${fitted(name + printable(after), width)}`);
    },
    done() {
      if (drawn) stream.write('\r\x1b[2K');
    },
  };
}
