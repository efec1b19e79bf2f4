import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { product, SpikeletError } from '../../../models/index.js';
import { compileAssemblyScript } from '../../wasm/assemblyscript.js';
import { type TensorInfo, type TfTensor, tf } from '../tf.js';

/** The functions of assembly/train; pointers, sizes and levels are all numbers. */
export type KernelName =
  | 'convolution'
  | 'convFilterGradient'
  | 'depthwise'
  | 'depthwiseFilterGradient'
  | 'neuron'
  | 'neuronGradient'
  | 'moments'
  | 'affine'
  | 'affineSums'
  | 'affineGradient'
  | 'attend'
  | 'attendGradient';

/** The heap of the tfjs wasm backend with our own kernels on it. */
export type Heap = {
  kernels: Record<KernelName, (...args: number[]) => void> & {
    countNonZero(x: number, count: number): number;
  };
  /** An untracked tensor with undefined contents: the output of a registered kernel. */
  makeInfo(shape: number[]): TensorInfo;
  /** A tracked tensor of `shape` with undefined contents. */
  makeTensor<T extends TfTensor>(shape: number[]): T;
  /** Byte address of a tensor; valid until the tensor is disposed. */
  address(tensor: TensorInfo): number;
  /** Address of `bytes` bytes, for the caller's use until the next call of `scratch`. */
  scratch(bytes: number): number;
  /** The tensor's values, a view that the next allocation may invalidate. */
  values(tensor: TensorInfo): Float32Array;
  doubles(address: number, length: number): Float64Array;
  floats(address: number, length: number): Float32Array;
};

/** The used part of the backend's Emscripten module, for which no types are shipped. */
type Emscripten = {
  asm?: { memory?: unknown };
  _malloc(bytes: number): number;
  _free(address: number): void;
};

/** Compiles our kernels and instantiates them on the backend's memory, so that no tensor is copied. */
export async function openHeap(backend: BackendWasm): Promise<Heap> {
  const wasm = backend.wasm as unknown as Emscripten;
  const memory = wasm.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory))
    throw new SpikeletError('the tfjs wasm backend does not expose its memory', {
      hint: 'spikelet needs @tensorflow/tfjs-backend-wasm 4.22.0',
    });
  const module = await compileKernels();
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Heap['kernels'];
  let scratch = { address: 0, bytes: 0 };
  const makeInfo = (shape: number[]) => {
    const info = backend.makeOutput(shape, 'float32');
    // malloc returns 0 when the heap cannot grow any more.
    if (backend.getMemoryOffset(info.dataId) === 0) throw outOfMemory(4 * product(shape));
    return info;
  };
  return {
    kernels,
    makeInfo,
    makeTensor: <T extends TfTensor>(shape: number[]) =>
      tf.engine().makeTensorFromTensorInfo(makeInfo(shape)) as T,
    address: ({ dataId }) => backend.getMemoryOffset(dataId),
    scratch(bytes) {
      if (bytes > scratch.bytes) {
        wasm._free(scratch.address);
        scratch = { address: wasm._malloc(bytes) >>> 0, bytes };
        if (scratch.address === 0) throw outOfMemory(bytes);
      }
      return scratch.address;
    },
    values: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
    doubles: (address, length) => new Float64Array(memory.buffer, address, length),
    floats: (address, length) => new Float32Array(memory.buffer, address, length),
  };
}

const outOfMemory = (bytes: number) =>
  new SpikeletError(`the wasm heap cannot allocate another ${(bytes / 2 ** 20).toFixed(1)} MiB`, {
    hint: 'train with a smaller batch',
  });

/**
 * Takes half a second; only the source is shipped, so it cannot differ from its binary. Without exported
 * memory or a runtime the module owns no byte of the heap. Index arithmetic on 32-bit pointers is intended
 * (warning 201).
 */
const compileKernels = async (): Promise<WebAssembly.Module> =>
  new WebAssembly.Module(
    (await compileAssemblyScript('assembly/train/index.ts', [
      ...['--optimizeLevel', '1', '--enable', 'simd', '--importMemory', '--noExportMemory'],
      ...['--disableWarning', '201'],
    ])) as Uint8Array<ArrayBuffer>,
  );
