import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';

/**
 * A separate process, because a profile in WebAssembly goes to stdout: runs the model that it is told once.
 */
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(await readFile(process.argv[2]!), {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
  enableProfiling: true,
});
const [image] = session.inputMetadata;
if (!image?.isTensor) throw new Error('the model takes no tensor');
const dims = image.shape.map(Number);
const size = dims.reduce((a, b) => a * b, 1);
const tensor =
  image.type === 'uint8'
    ? new ort.Tensor('uint8', new Uint8Array(size), dims)
    : new ort.Tensor('float32', new Float32Array(size), dims);
await session.run({ [image.name]: tensor });
session.endProfiling();
