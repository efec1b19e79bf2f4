import { parentPort, workerData } from 'node:worker_threads';
import { readNetImage } from '../data/index.js';
import { failureOf } from '../system/failure.js';
import type { Answer } from './batch.js';
import { openRunner } from './open-model.js';

/** A thread of batch.ts: runs one image file after another on its own copy of the model. */
const opened = openRunner(workerData as string);

async function answer(path: string): Promise<Answer> {
  try {
    const runner = await opened;
    return { logits: new Float64Array(await runner.logits(await readNetImage(path, runner.shape))) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

parentPort!.on(
  'message',
  (path: string) => void answer(path).then((reply) => parentPort!.postMessage(reply)),
);
