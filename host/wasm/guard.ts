import { Worker } from 'node:worker_threads';
import { SpikeletError } from '../../models/error.js';
import type { WasmDescription } from '../../wasm/description.js';
import { type Failure, failureError } from '../system/failure.js';

/** What a guarded model computes of one image. */
export type Traced = { logits: Int32Array; crcs: Map<string, number> };

/** What its worker answers: first `opened`, then `traced` for every image. */
export type Reply = { opened: Opened } | { traced: Traced } | { failure: Failure };

/** `pixelTable` as in the module's memory: [channel][256]. */
export type Opened = { description: WasmDescription; pixelTable: Int8Array };

/** What the worker is given. */
export type Guarded = { path: string; threads: number };

/** A module in a worker of its own, which is ended where it takes too long. */
export type GuardedModel = Opened & {
  /** Logits of i8 pixels, and the CRC-32 of every tensor where `traces`. Rejects after the time limit, and ever after. */
  infer(pixels: Int8Array, traces?: boolean): Promise<Traced>;
  close(): Promise<void>;
};

/**
 * Opens a module that may never end: `seconds` are what loading and each image may take. Rejects with a SpikeletError as
 * openWasm does, where that time is over, and where its worker ends.
 */
export async function openGuarded(given: Guarded, seconds: number): Promise<GuardedModel> {
  const worker = new Worker(new URL('./guard-worker.js', import.meta.url), { workerData: given });
  let failure: unknown;
  let settle: { resolve(reply: Reply): void; reject(error: unknown): void } | undefined;
  const fail = (error: unknown) => {
    failure ??= error;
    settle?.reject(failure);
  };
  worker.on('message', (reply: Reply) => settle?.resolve(reply));
  worker.on('error', (cause) => fail(ended(given.path, cause)));
  worker.on('exit', () => fail(ended(given.path)));
  const reply = async (what: string): Promise<Reply> => {
    let timer: NodeJS.Timeout | undefined;
    try {
      const found = await new Promise<Reply>((resolve, reject) => {
        settle = { resolve, reject };
        if (failure) return reject(failure);
        timer = setTimeout(() => {
          fail(
            new SpikeletError(`${given.path}: ${what} was broken off after ${seconds} s`, {
              hint: "the module may never end: make it again with 'spikelet build', or give it more time with --timeout",
            }),
          );
          void worker.terminate();
        }, seconds * 1000);
      });
      if ('failure' in found) throw failureError(found.failure);
      return found;
    } finally {
      clearTimeout(timer);
      settle = undefined;
    }
  };
  try {
    const first = await reply('loading');
    if (!('opened' in first)) throw ended(given.path);
    return {
      ...first.opened,
      async infer(pixels, traces = false) {
        worker.postMessage({ pixels, traces });
        const next = await reply('an image');
        if (!('traced' in next)) throw ended(given.path);
        return next.traced;
      },
      close: async () => void (await worker.terminate()),
    };
  } catch (error) {
    void worker.terminate();
    throw error;
  }
}

const ended = (path: string, cause?: unknown) =>
  new SpikeletError(`${path}: its thread ended${cause instanceof Error ? `: ${cause.message}` : ''}`, {
    hint: 'was it out of memory?',
    cause,
  });
