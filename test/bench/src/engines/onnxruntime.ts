import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, availableParallelism, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { opsOf } from '../onnx/model.js';
import { type Engine, type Loaded, planes, type Task } from './engine.js';

const require = createRequire(import.meta.url);

/** onnxruntime compiled to WebAssembly with SIMD. */
export const onnxruntimeWeb: Engine = async (task) => {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = task.threads;
  const options = { executionProviders: ['wasm'], graphOptimizationLevel: 'all' } as const;
  const model = await readFile(task.model);
  const session = await ort.InferenceSession.create(model, options);
  const tensors = images(task).map((data) => tensorOf(ort.Tensor, data, task));
  const run: Loaded['run'] = async (image) =>
    (await session.run({ image: tensors[image]! }))['logits']!.data as Float32Array;
  const ops = async () => {
    const profiler = fileURLToPath(new URL('./profile-web.js', import.meta.url));
    const profile = await promisify(execFile)(process.execPath, [profiler, task.model], {
      maxBuffer: 2 ** 26,
    });
    return count([...profile.stdout.matchAll(/_kernel_time".*?"op_name" : "(\w+)"/g)].map(([, op]) => op!));
  };
  const library = join(dirname(require.resolve('onnxruntime-web')), 'ort-wasm-simd-threaded.wasm');
  return { run, ops, threads: ort.env.wasm.numThreads, runtimeBytes: (await stat(library)).size };
};

/** onnxruntime as a native library. */
export const onnxruntimeNode: Engine = async (task) => {
  const ort = await import('onnxruntime-node');
  const options = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: task.threads,
    interOpNumThreads: 1,
  } as const;
  const session = await ort.InferenceSession.create(task.model, options);
  const tensors = images(task).map((data) => tensorOf(ort.Tensor, data, task));
  const run: Loaded['run'] = async (image) =>
    (await session.run({ image: tensors[image]! }))['logits']!.data as Float32Array;
  const ops = async () => {
    const optimizedModelFilePath = `${task.model}.optimised`;
    // Its warning that such a model fits this machine alone is not news.
    const telling = { ...options, optimizedModelFilePath, logSeverityLevel: 3 } as const;
    await (await ort.InferenceSession.create(task.model, telling)).release();
    const found = opsOf(await readFile(optimizedModelFilePath));
    await rm(optimizedModelFilePath);
    return count(found);
  };
  const folder = dirname(require.resolve('onnxruntime-node/package.json'));
  const runtimeBytes = await folderSize(join(folder, 'bin/napi-v6', platform(), arch()));
  return { run, ops, threads: Math.min(task.threads, availableParallelism()), runtimeBytes };
};

async function folderSize(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** How often each name occurs, the most frequent first. */
function count(names: string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

const images = ({ images, shape }: Task) => images.map((image) => planes(image, shape));

/** Both packages have the class of onnxruntime-common, each by its own name. */
function tensorOf<T>(
  Tensor: {
    new (type: 'float32', data: Float32Array, dims: number[]): T;
    new (type: 'uint8', data: Uint8Array, dims: number[]): T;
  },
  data: Float32Array | Uint8Array,
  { shape }: Task,
): T {
  const dims = [1, shape[2], shape[0], shape[1]];
  return data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('uint8', data, dims);
}
