import { duration } from './text.js';

/** Shows how far something is: a bar on a terminal, nothing elsewhere. `done` removes it. */
export type Progress = { update(done: number, total: number, note?: string): void; done(): void };

const WIDTH = 24;
const INTERVAL_MS = 100;

/** A bar in the last line of `stream`, redrawn at most every 100 ms. */
export function progressBar(stream: NodeJS.WriteStream, label: string): Progress {
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
      const line = `${label} [${bar}] ${done}/${total}${note ? `  ${note}` : ''}  ${duration(left)} left`;
      stream.write(`\r\x1b[2K${line.slice(0, Math.max(1, stream.columns - 1))}`);
    },
    done() {
      if (drawn) stream.write('\r\x1b[2K');
    },
  };
}
