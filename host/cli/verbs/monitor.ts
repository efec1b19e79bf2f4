import { createInterface, type Interface } from 'node:readline';
import { exitCode } from '../../../models/error.js';
import { monitor as listen } from '../../api/monitor.js';
import type { Said } from '../../device/monitor.js';
import { baudOption } from '../../targets/options.js';
import { verbOption } from '../target-options.js';
import { verb } from '../verb.js';

type Options = { port?: string; baud?: number };

/** Bytes of a frame that are shown. */
const SHOWN = 32;

export const monitor = verb<Options>({
  summary: 'print what a device says over its serial port, and send it what is typed',
  configured: true,
  options: [
    { flags: '--port <path>', description: 'serial port; guessed where only one fits' },
    verbOption(baudOption('115200')),
  ],
  async run(_arguments, options, io) {
    const started = performance.now();
    const interrupt = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
    let typed: Interface | undefined;
    const tell = (said: Said) => {
      io.emit({ seconds: (performance.now() - started) / 1000, ...said });
      io.print(lineOf(said));
    };
    const { port, baud } = options;
    try {
      await listen(tell, {
        ...{ port, baud, note: io.note, signal: interrupt.signal },
        onOpen(path, send) {
          io.note(`${path}: what is typed goes out line by line; Ctrl-C ends`);
          typed = createInterface({ input: process.stdin });
          typed.on('line', send);
        },
      });
    } finally {
      typed?.close();
      process.stdin.unref?.();
    }
    return { code: exitCode.interrupted };
  },
});

function lineOf(said: Said): string {
  if ('text' in said) return said.text.replaceAll('\t', '    ');
  if ('damaged' in said) return `[${said.damaged} B that are neither text nor a frame]`;
  const { frame, sequence, payload } = said;
  const shown = payload.length > 2 * SHOWN ? `${payload.slice(0, 2 * SHOWN)}...` : payload;
  return `[${frame}, ${sequence}: ${payload.length / 2} B ${shown}]`;
}
