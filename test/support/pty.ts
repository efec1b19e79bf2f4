import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/** One end of a serial line: a PTY that a client opens, whose other end is this process. */
export type Pty = {
  path: string;
  onBytes(receive: (bytes: Uint8Array) => void): void;
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
};

/** Made by socat, which must be installed. Held open, so that a client may come and go. */
export function createPty(): Promise<Pty> {
  const socat = spawn('socat', ['-d', '-d', 'PTY,rawer', 'STDIO'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => socat.once('exit', () => resolve()));
  let receive: (bytes: Uint8Array) => void = () => undefined;
  socat.stdout.on('data', (bytes: Buffer) => receive(bytes));
  socat.stdin.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    let said = '';
    socat.once('error', reject);
    socat.stderr.on('data', (text: Buffer) => {
      const known = said.includes('PTY is ');
      said = (said + text).slice(-4096);
      const [, path] = /PTY is (\S+)\n/.exec(said) ?? [];
      if (!path || known) return;
      const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
      resolve({
        path,
        onBytes: (next) => {
          receive = next;
        },
        // A device that sends without end is held back by the PTY, not by this process's memory.
        write: (bytes) => void (socat.stdin.writableNeedDrain || socat.stdin.write(bytes)),
        async close() {
          socat.kill('SIGKILL');
          await ended;
          closeSync(held);
        },
      });
    });
  });
}
