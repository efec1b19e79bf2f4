import { Worker } from 'node:worker_threads';
import { SpikeletError } from '../../models/error.js';
import type { WasmDescription } from '../../wasm/description.js';
import { type Failure, failureError } from '../system/failure.js';

/** What a guarded model computes for one image. */
export type Traced = { logits: Int32Array; crcs: Map<string, number> };

/** Replies of its worker: first `opened`, then `traced` for every image. */
export type Reply = { opened: Opened } | { traced: Traced } | { failure: Failure };

/** `pixelTable` as in the module's memory: [channel][256]. */
export type Opened = { description: WasmDescription; pixelTable: Int8Array };

/** What the worker is given. */
export type Guarded = { path: string; threads: number };

/** A module in a worker, which is ended if it takes too long. */
export type GuardedModel = Opened & {
  /**
   * Logits of i8 pixels and, if `traces`, the CRC-32 of every tensor. Rejects after the time limit, and from
   * then on.
   */
  infer(pixels: Int8Array, traces?: boolean): Promise<Traced>;
  close(): Promise<void>;
};

/**
 * Opens a module that may never finish: loading and each image may take `seconds`. Rejects with a
 * SpikeletError as openWasm does, on timeout, and if its worker ends.
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
            new SpikeletError(`${given.path}: ${what} was stopped after ${seconds} s`, {
              hint: "the module may never finish: rebuild it with 'spikelet build', or allow more time with --timeout",
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
    hint: 'did it run out of memory?',
    cause,
  });
