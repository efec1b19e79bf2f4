import { createHash } from 'node:crypto';
import { stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpikeletError } from '../../models/error.js';
import { placeOf } from './files.js';

/**
 * Runs `use` while no other spikelet process on this machine holds `path`, a file or folder that may not
 * exist yet. The lock is a listening socket, so it ends with its process, however that ends, and leaves no
 * file next to the output. Throws a SpikeletError if another process holds it.
 */
export async function exclusively<T>(path: string, use: () => Promise<T>): Promise<T> {
  const release = await hold(path);
  try {
    return await use();
  } finally {
    release();
  }
}

/** Takes the lock; returns a function that releases it. */
export async function hold(path: string): Promise<() => void> {
  const server = await listen(addressOf(await placeOf(path)));
  if (server === 'held')
    throw new SpikeletError(`${path} is being written by another spikelet process`, {
      hint: 'wait until it is done, or choose another path',
    });
  return () => void server?.close();
}

function addressOf(place: string): string {
  const name = `spikelet-${createHash('sha256').update(place).digest('hex').slice(0, 32)}`;
  switch (process.platform) {
    case 'linux':
      return `\0${name}`;
    case 'win32':
      return `\\\\.\\pipe\\${name}`;
    default:
      return join(tmpdir(), `${name}.lock`);
  }
}

/**
 * A server at the address; 'held' if another process listens there; undefined if the system has no such
 * sockets.
 */
async function listen(address: string, again = true): Promise<Server | 'held' | undefined> {
  const server = createServer((socket) => socket.destroy()).unref();
  const problem = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen(address, () => resolve(undefined));
  });
  if (problem === undefined) return server;
  if (problem !== 'EADDRINUSE') return undefined;
  // A socket file outlives a killed process.
  if (address.startsWith('/') && again && (await isStale(address))) {
    await unlink(address).catch(() => undefined);
    return listen(address, false);
  }
  return 'held';
}

async function isStale(address: string): Promise<boolean> {
  if (!(await stat(address)).isSocket()) return false;
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
