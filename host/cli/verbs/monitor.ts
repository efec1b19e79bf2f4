import { createInterface } from 'node:readline';
import { exitCode } from '../../../models/error.js';
import type { Said } from '../../device/monitor.js';
import { baudOption } from '../../targets/options.js';
import { verbOption } from '../target-options.js';
import { verb } from '../verb.js';

type Options = { port?: string; baud?: number };

const USUAL_BAUD = 115200;
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
    const { guessPort } = await import('../../device/guess-port.js');
    const { openPort } = await import('../../device/port.js');
    const { listen } = await import('../../device/monitor.js');
    const path = options.port ?? (await guessPort(io.note));
    const port = await openPort(path, { baud: options.baud ?? USUAL_BAUD });
    io.note(`${path}: what is typed goes out line by line; Ctrl-C ends`);
    const started = performance.now();
    let interrupted = false;
    const interrupt = () => {
      interrupted = true;
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
    const typed = createInterface({ input: process.stdin });
    // What cannot be sent is told by the reading side, which finds the device gone.
    typed.on('line', (line) => void port.write(Buffer.from(`${line}\n`)).catch(() => undefined));
    try {
      await listen(
        port,
        (said) => {
          io.emit({ seconds: (performance.now() - started) / 1000, ...said });
          io.print(lineOf(said));
        },
        () => interrupted,
      );
    } finally {
      typed.close();
      process.stdin.unref?.();
      await port.close();
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
