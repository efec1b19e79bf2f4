import type { Engine, Loaded, Task } from './engines/engine.js';

/**
 * One contestant in its own process, so that no two engines share a heap, a pool of threads or a compiler.
 */

const engines: Record<string, () => Promise<Engine>> = {
  spikelet: async () => (await import('./engines/spikelet.js')).spikelet,
  'onnxruntime-web': async () => (await import('./engines/onnxruntime.js')).onnxruntimeWeb,
  'onnxruntime-node': async () => (await import('./engines/onnxruntime.js')).onnxruntimeNode,
  'tfjs-backend-wasm': async () => (await import('./engines/tfjs.js')).tfjs,
};

/** `run` computes `repeats` images in turn, beginning with `image`, and answers how long all took. */
export type Request = { kind: 'load'; task: Task } | { kind: 'run'; image: number; repeats: number };
export type Answer =
  | { kind: 'loaded'; ms: number; threads: number; runtimeBytes: number; ops?: Record<string, number> }
  | { kind: 'ran'; ms: number; logits: Float64Array; bytes: Uint8Array }
  | { kind: 'failed'; message: string };

let loaded: Loaded | undefined;
let images = 0;

async function answer(request: Request): Promise<Answer> {
  const start = performance.now();
  if (request.kind === 'load') {
    loaded = await (await engines[request.task.engine]!())(request.task);
    images = request.task.images.length;
    const ms = performance.now() - start;
    const { threads, runtimeBytes, ops } = loaded;
    return { kind: 'loaded', ms, threads, runtimeBytes, ...(ops ? { ops: await ops() } : {}) };
  }
  let logits: ArrayLike<number> = [];
  for (let i = 0; i < request.repeats; i++) logits = await loaded!.run((request.image + i) % images);
  const ms = performance.now() - start;
  const { buffer, byteOffset, byteLength } = logits as Float32Array;
  return {
    kind: 'ran',
    ms,
    logits: Float64Array.from(logits),
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
  };
}

process.on('message', (request: Request) => {
  answer(request)
    .catch(
      (error: unknown): Answer => ({
        kind: 'failed',
        message: error instanceof Error ? error.message : String(error),
      }),
    )
    .then((reply) => process.send!(reply));
});
