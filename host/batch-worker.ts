import { parentPort, workerData } from 'node:worker_threads';
import { exitCode, SpikeletError } from '../models/error.js';
import type { Answer } from './batch.js';
import { readNetImage } from './data/index.js';
import { openRunner } from './runner.js';

/** A thread of batch.ts: runs one image file after the other on a model of its own. */
const opened = openRunner(workerData as string);

async function answer(path: string): Promise<Answer> {
  try {
    const runner = await opened;
    return { logits: new Float64Array(runner.logits(await readNetImage(path, runner.shape))) };
  } catch (error) {
    // An error's class does not cross threads.
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof SpikeletError)) return { failure: { message, code: exitCode.failure } };
    return { failure: { message, code: error.code, ...(error.hint ? { hint: error.hint } : {}) } };
  }
}

parentPort!.on(
  'message',
  (path: string) => void answer(path).then((reply) => parentPort!.postMessage(reply)),
);
