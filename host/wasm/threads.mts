/**
 * Threads that share the work on an image: workers of Node or of a browser, in which this same file runs. The build
 * copies it beside model.mjs, which loads it only where several threads are wanted.
 */

/** Where a module of several threads has their Models, and the words they share (assembly/threads.ts). */
export type Places = { models: number; control: number };

/** Threads that are ready. */
export type Crew = {
  /** Computes what lies in the input tensor. Throws where a thread failed, and then always. */
  infer(): void;
  /** Ends the workers. */
  close(): Promise<void>;
};

/** What a worker is given. `report` takes the message of what fails in it. */
type Job = Places & {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
  threads: number;
  report: Uint8Array;
};

type Link = { close(): unknown };

/** By this name a worker knows that it is one of ours. */
const NAME = 'spikelet-thread';
const MODEL_BYTES = 12;
/** Indices of the shared words. */
const [OPENED, STOPPED, ARRIVED] = [0, 1, 16];

const node =
  typeof process === 'object' && process.versions?.node ? await import('node:worker_threads') : undefined;

const wordsOf = (memory: WebAssembly.Memory, control: number) => new Int32Array(memory.buffer, control, 32);

/** Starts all threads but the first, which is this one. `lead`: the module's infer, of an instance with this memory. */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  lead: (model: number, control: number, threads: number, sleeps: boolean) => number,
  { models, control }: Places,
  threads: number,
): Promise<Crew> {
  const report = new Uint8Array(new SharedArrayBuffer(1024));
  const words = wordsOf(memory, control);
  // A browser's main thread may not sleep.
  const sleeps = node !== undefined || !('document' in globalThis);
  const started: Promise<Link>[] = [];
  for (let thread = 1; thread < threads; thread++)
    started.push(start({ module, memory, models, control, thread, threads, report }));
  const end = async (links: Link[]) => {
    Atomics.store(words, STOPPED, 1);
    Atomics.add(words, OPENED, 1);
    Atomics.notify(words, OPENED);
    await Promise.all(links.map((link) => link.close()));
  };
  const settled = await Promise.allSettled(started);
  const links = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) {
    await end(links);
    throw new Error(`a thread does not start: ${messageOf(failed.reason)}`);
  }
  let closed = false;
  return {
    infer() {
      if (closed) throw new Error('its threads have ended');
      if (lead(models, control, threads, sleeps)) return;
      throw new WebAssembly.RuntimeError(
        `a thread stopped: ${new TextDecoder().decode(report.slice(0, report.indexOf(0)))}`,
      );
    },
    async close() {
      if (!closed) await end(links);
      closed = true;
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Resolves when the worker is about to wait for work, rejects where it cannot. */
async function start(job: Job): Promise<Link> {
  const url = new URL(import.meta.url);
  if (node) {
    const worker = new node.Worker(url, { name: NAME, workerData: { [NAME]: job } });
    await ready(
      (listener) => worker.once('message', listener),
      (listener) => worker.once('error', listener),
    );
    // A process whose work is done ends although its threads wait.
    worker.unref();
    return { close: () => worker.terminate() };
  }
  const worker = new Worker(url, { type: 'module', name: NAME });
  worker.postMessage(job);
  await ready(
    (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    (listener) => worker.addEventListener('error', listener),
  );
  return { close: () => worker.terminate() };
}

/** The worker's first message: null, or why it cannot begin. */
function ready(
  onMessage: (listener: (failure: string | null) => void) => void,
  onError: (listener: (error: unknown) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    onMessage((failure) => (failure === null ? resolve() : reject(new Error(failure))));
    onError(reject);
  });
}

/** In a worker: computes until the model ends. */
async function serve(
  { module, memory, models, control, thread, threads, report }: Job,
  post: (message: string | null) => void,
): Promise<void> {
  let run: (model: number, control: number, threads: number) => void;
  try {
    // Writes the constants once more, all alike, before anyone computes.
    const { exports } = await WebAssembly.instantiate(module, { env: { memory, trace() {} } });
    run = exports['serve'] as typeof run;
  } catch (error) {
    return post(messageOf(error));
  }
  post(null);
  try {
    run(models + thread * MODEL_BYTES, control, threads);
  } catch (error) {
    const words = wordsOf(memory, control);
    report.set(new TextEncoder().encode(messageOf(error)).subarray(0, report.length - 1));
    // The leader waits for all, and then sees that one has stopped.
    Atomics.store(words, STOPPED, 1);
    Atomics.add(words, ARRIVED, 1);
    Atomics.notify(words, ARRIVED);
  }
}

const given = node?.workerData?.[NAME] as Job | undefined;
if (given) void serve(given, (message) => node!.parentPort!.postMessage(message));
else if (!node && (globalThis as { name?: string }).name === NAME)
  globalThis.onmessage = ({ data }: MessageEvent<Job>) =>
    void serve(data, (message) => (globalThis as unknown as Worker).postMessage(message));
