/**
 * Threads that share the work on an image: workers of Node or of a browser, in which threads-worker.mjs runs. A build with
 * --threads copies both beside model.mjs, which loads this one where several threads are wanted.
 */

/** Where a module of several threads has their Models, and the words they share (assembly/threads.ts). */
export type Places = { models: number; control: number };

/** Threads that are ready. */
export type Crew = {
  /** Computes what lies in the input tensor. Throws where a thread failed or ended, and then always. */
  infer(): void;
  /** Ends the workers. */
  close(): Promise<void>;
  /** The module's import of this name: asked while it waits for the others, whether that is in vain. */
  stalled(): boolean;
};

/** What a worker is given. `report` takes the message of what fails in it. */
export type Job = Places & {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
  threads: number;
  report: Uint8Array;
};

/** One worker. */
type Link = {
  close(): unknown;
  /** Whether it is known to have ended, also while this thread has not listened to events. */
  ended(): boolean;
};

/** Indices of the shared words. */
const [OPENED, STOPPED, ARRIVED, NEXT] = [0, 1, 16, 32];

/** Time between two looks that counts: a machine that slept has not waited. */
const LONGEST_LOOK = 250;
/** Milliseconds that a worker may take to start. */
const START = 60_000;

const node =
  typeof process === 'object' && process.versions?.node
    ? process.getBuiltinModule?.('node:worker_threads')
    : undefined;

/**
 * Milliseconds without any progress after which threads are given up: far more than a step takes on a busy machine. Node
 * mostly knows when one has ended.
 */
const PATIENCE = node ? 60_000 : 10_000;

/** Starts all threads but the first, which is this one. `lead`: the module's infer, of an instance with this memory. */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  lead: (model: number, control: number, threads: number, sleeps: boolean) => number,
  { models, control }: Places,
  threads: number,
): Promise<Crew> {
  const report = new Uint8Array(new SharedArrayBuffer(1024));
  const words = new Int32Array(memory.buffer, control, 48);
  // A browser's main thread may not sleep.
  const sleeps = node !== undefined || !('document' in globalThis);
  let failure: string | undefined;
  let closed = false;
  const stop = () => {
    Atomics.store(words, STOPPED, 1);
    Atomics.add(words, OPENED, 1);
    Atomics.notify(words, OPENED);
  };
  const fail = (why: string) => {
    if (closed || failure !== undefined) return;
    failure = why;
    stop();
  };
  const started: Promise<Link>[] = [];
  for (let thread = 1; thread < threads; thread++) {
    const job = { module, memory, models, control, thread, threads, report };
    started.push(start(job, (how) => fail(`thread ${thread} ended${how}`)));
  }
  const end = async (links: Link[]) => {
    stop();
    await Promise.all(links.map((link) => link.close()));
  };
  const settled = await Promise.allSettled(started);
  const links = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) {
    closed = true;
    await end(links);
    throw new Error(`a thread does not start: ${messageOf(failed.reason)}`);
  }
  const reported = () =>
    report[0] ? new TextDecoder().decode(report.slice(0, report.indexOf(0))) : 'for no known reason';
  let [seen, waited, last] = ['', 0, 0];
  return {
    infer() {
      if (closed) throw new Error('its threads have ended');
      if (failure !== undefined) throw new Error(failure);
      waited = 0;
      let done = 0;
      try {
        done = lead(models, control, threads, sleeps);
      } catch (error) {
        // The others are in the middle of the image: what they did next would belong to another.
        fail(`an image before this one failed: ${messageOf(error)}`);
        throw error;
      }
      if (done) return;
      if (failure !== undefined) throw new Error(failure);
      throw new WebAssembly.RuntimeError(`a thread stopped: ${reported()}`);
    },
    async close() {
      if (closed) return;
      closed = true;
      await end(links);
    },
    stalled() {
      const dead = links.findIndex((link) => link.ended());
      if (dead >= 0) fail(`thread ${dead + 1} ended`);
      const [now, moved] = [performance.now(), [OPENED, ARRIVED, NEXT].map((at) => words[at]).join()];
      waited = moved === seen ? waited + Math.min(now - last, LONGEST_LOOK) : 0;
      [seen, last] = [moved, now];
      if (waited > PATIENCE) fail('a thread does not answer: it ended, or was stopped');
      return failure !== undefined;
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Resolves when the worker is about to wait for work, rejects where it cannot. `onEnd` hears of an end after that. */
async function start(job: Job, onEnd: (how: string) => void): Promise<Link> {
  if (node) {
    // The name of a worker's thread, and of what it is given: literal where bundlers read it.
    const worker = new node.Worker(new URL('./threads-worker.mjs', import.meta.url), {
      name: 'spikelet-thread',
      workerData: { 'spikelet-thread': job },
    });
    let over = false;
    worker.on('exit', (code) => {
      over = true;
      onEnd(` (exit code ${code})`);
    });
    await ready(
      (listener) => worker.once('message', listener),
      (listener) => {
        worker.on('error', listener);
        worker.once('exit', (code) => listener(new Error(`it ended (exit code ${code})`)));
      },
      () => worker.terminate(),
    );
    // A process whose work is done ends although its threads wait.
    worker.unref();
    // While this thread is busy no event arrives, but an idle time of -1 tells that the other's loop is gone, once it was
    // asked for while that ran.
    // Bun warns that it does not know.
    const idle = () =>
      'bun' in process.versions ? 0 : (worker.performance?.eventLoopUtilization?.().idle ?? 0);
    idle();
    return { close: () => worker.terminate(), ended: () => over || idle() < 0 };
  }
  const worker = new Worker(new URL('./threads-worker.mjs', import.meta.url), {
    type: 'module',
    name: 'spikelet-thread',
  });
  worker.postMessage(job);
  await ready(
    (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    (listener) => worker.addEventListener('error', listener),
    () => worker.terminate(),
  );
  // Browsers tell nothing of a worker's end: only its silence does.
  return { close: () => worker.terminate(), ended: () => false };
}

/** The worker's first message: null, or why it cannot begin. */
async function ready(
  onMessage: (listener: (failure: string | null) => void) => void,
  onError: (listener: (error: unknown) => void) => void,
  terminate: () => unknown,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing is heard of it for ${START / 1000} s`)), START);
      onMessage((failure) => (failure === null ? resolve() : reject(new Error(failure))));
      onError(reject);
    });
  } catch (error) {
    terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
