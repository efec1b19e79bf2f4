/**
 * A worker of threads.mjs: computes its share of every image until the model is closed. Imports nothing, for
 * the sake of bundlers.
 */
import type { Job } from './threads.mjs';

const MODEL_BYTES = 12;
/** Indices of the shared words. */
const [STOPPED, ARRIVED] = [1, 16];

const node =
  typeof process === 'object' && process.versions?.node
    ? process.getBuiltinModule?.('node:worker_threads')
    : undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function serve(
  { module, memory, models, control, thread, threads, report }: Job,
  post: (message: string | null) => void,
): Promise<void> {
  let run: (model: number, control: number, threads: number) => void;
  try {
    // Writes the same constants again, before any thread computes.
    const env = { memory, trace() {}, stalled: () => 0 };
    const { exports } = await WebAssembly.instantiate(module, { env });
    run = exports['serve'] as typeof run;
  } catch (error) {
    return post(messageOf(error));
  }
  post(null);
  try {
    run(models + thread * MODEL_BYTES, control, threads);
  } catch (error) {
    const words = new Int32Array(memory.buffer, control, 48);
    report.set(new TextEncoder().encode(messageOf(error)).subarray(0, report.length - 1));
    // The leader waits for all threads, and then sees that one has stopped.
    Atomics.store(words, STOPPED, 1);
    Atomics.add(words, ARRIVED, 1);
    Atomics.notify(words, ARRIVED);
  }
}

const given = node?.workerData?.['spikelet-thread'] as Job | undefined;
if (given) void serve(given, (message) => node!.parentPort!.postMessage(message));
else if (!node)
  globalThis.onmessage = ({ data }: MessageEvent<Job>) =>
    void serve(data, (message) => (globalThis as unknown as Worker).postMessage(message));
