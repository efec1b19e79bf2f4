import { Worker } from 'node:worker_threads';
import { SpikeletError } from '../../models/error.js';
import { type Failure, failureError } from '../system/failure.js';
import { PATIENCE } from './open-model.js';

/** A worker's reply to an image's path. */
export type Answer = { logits: Float64Array<ArrayBuffer> } | { failure: Failure };

type Job = { path: string; resolve(logits: Float64Array): void; reject(error: unknown): void };

/** Several threads, each running whole images. */
export type Batch = {
  threads: number;
  /** Logits of an image file, from the first free thread; rejects if reading or running it fails. */
  logits(path: string): Promise<Float64Array>;
  close(): Promise<void>;
};

/**
 * Starts `threads` workers, each with its own model from the file `model` (openRunner). Each image may take
 * `seconds`; for a worker's first image this includes loading.
 */
export function startBatch(model: string, threads: number, seconds = PATIENCE): Batch {
  let closed = false;
  const waiting: Job[] = [];
  const idle: ((job: Job) => void)[] = [];
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./batch-worker.js', import.meta.url), { workerData: model });
    let current: Job | undefined;
    let failed: unknown;
    let timer: NodeJS.Timeout | undefined;
    const fail = (error: unknown) => {
      if (closed) return;
      failed ??= error;
      clearTimeout(timer);
      current?.reject(failed);
      for (const job of waiting.splice(0)) job.reject(failed);
    };
    const take = (job: Job) => {
      current = job;
      if (failed) return job.reject(failed);
      worker.postMessage(job.path);
      timer = setTimeout(() => {
        fail(tooLong(job.path, seconds));
        void worker.terminate();
      }, seconds * 1000);
    };
    const next = () => {
      const job = waiting.shift();
      current = undefined;
      if (job) take(job);
      else idle.push(take);
    };
    worker.on('message', (answer: Answer) => {
      clearTimeout(timer);
      if ('logits' in answer) current?.resolve(answer.logits);
      else {
        current?.reject(failureError(answer.failure));
      }
      next();
    });
    worker.on('error', fail);
    worker.on('exit', (code) =>
      fail(new SpikeletError(`a thread ended (exit code ${code})`, { hint: 'run the command again' })),
    );
    next();
    return worker;
  });
  return {
    threads,
    logits: (path) =>
      new Promise((resolve, reject) => {
        const job = { path, resolve, reject };
        const take = idle.shift();
        if (take) take(job);
        else waiting.push(job);
      }),
    async close() {
      closed = true;
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

const tooLong = (path: string, seconds: number) =>
  new SpikeletError(`${path}: stopped after ${seconds} s`, {
    hint: "the module may never finish: rebuild it with 'spikelet build', or allow more time with --timeout",
  });
