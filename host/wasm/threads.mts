/**
 * Threads that share the work on an image: Node or browser workers that run threads-worker.mjs. A build with
 * --threads copies both files next to model.mjs, which loads this one if several threads are requested.
 */

/** Addresses of the threads' Models and of their shared words (assembly/threads.ts). */
export type Places = { models: number; control: number };

/** Running threads. */
export type Crew = {
  /** Computes the image in the input tensor. Throws if a thread failed or ended, and on every later call. */
  infer(): void;
  /** Ends the workers. */
  close(): Promise<void>;
  /**
   * The module's import `stalled`: called while it waits for other threads; true if one will never answer.
   */
  stalled(): boolean;
};

/** A worker's input. It writes the message of a failure into `report`. */
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
  /** Whether it is known to have ended, even before this thread has processed events. */
  ended(): boolean;
};

/** Indices of the shared words. */
const [OPENED, STOPPED, ARRIVED, NEXT] = [0, 1, 16, 32];

/** Most milliseconds that count between two checks, because a machine that slept has not waited. */
const LONGEST_LOOK = 250;
/** Milliseconds that a worker may take to start. */
const START = 60_000;

const node =
  typeof process === 'object' && process.versions?.node
    ? process.getBuiltinModule?.('node:worker_threads')
    : undefined;

/**
 * Milliseconds without progress before giving up: far more than a step takes on a busy machine. Node usually
 * knows when a thread has ended.
 */
const PATIENCE = node ? 60_000 : 10_000;

/**
 * Starts all threads except the first, which is this one. `lead`: the module's infer, of an instance with
 * this memory.
 */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  lead: (model: number, control: number, threads: number, sleeps: boolean) => number,
  { models, control }: Places,
  threads: number,
): Promise<Crew> {
  const report = new Uint8Array(new SharedArrayBuffer(1024));
  const words = new Int32Array(memory.buffer, control, 48);
  // A browser's main thread must not block.
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
    throw new Error(`a thread did not start: ${messageOf(failed.reason)}`);
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
        // The other threads are in the middle of this image, so their state is lost.
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
      if (waited > PATIENCE) fail('a thread does not answer: it ended or was stopped');
      return failure !== undefined;
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Resolves when the worker is ready for work; rejects if it cannot start. `onEnd` is called if it ends after
 * that.
 */
async function start(job: Job, onEnd: (how: string) => void): Promise<Link> {
  if (node) {
    // The arguments must be literals, because bundlers read them.
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
    // Waiting threads do not keep the process alive.
    worker.unref();
    // While this thread is busy no event arrives, but an idle time of -1 says that the other thread's loop is
    // gone, if it was read once while that ran. Not in Bun, which prints a warning.
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
  // Browsers do not report a worker's end.
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
      timer = setTimeout(() => reject(new Error(`no answer for ${START / 1000} s`)), START);
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
