import { Worker } from 'node:worker_threads';
import { SpikeletError } from '../models/error.js';

/** What a worker answers to the path of an image. */
export type Answer =
  | { logits: Float64Array<ArrayBuffer> }
  | { failure: { message: string; hint?: string; code: number } };

type Job = { path: string; resolve(logits: Float64Array): void; reject(error: unknown): void };

/** Several threads that each run whole images. */
export type Batch = {
  threads: number;
  /** Logits of an image file, from the first thread that is free; rejects as reading and running it does. */
  logits(path: string): Promise<Float64Array>;
  close(): Promise<void>;
};

/** Starts `threads` workers, each with a model of its own from the file `model` (openRunner). */
export function startBatch(model: string, threads: number): Batch {
  const waiting: Job[] = [];
  const idle: ((job: Job) => void)[] = [];
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./batch-worker.js', import.meta.url), { workerData: model });
    let current: Job | undefined;
    let failed: unknown;
    const take = (job: Job) => {
      current = job;
      if (failed) job.reject(failed);
      else worker.postMessage(job.path);
    };
    const next = () => {
      const job = waiting.shift();
      current = undefined;
      if (job) take(job);
      else idle.push(take);
    };
    worker.on('message', (answer: Answer) => {
      if ('logits' in answer) current?.resolve(answer.logits);
      else {
        const { message, ...options } = answer.failure;
        current?.reject(new SpikeletError(message, options));
      }
      next();
    });
    worker.on('error', (error) => {
      failed = error;
      current?.reject(error);
      for (const job of waiting.splice(0)) job.reject(error);
    });
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
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}
