import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../tf.js';
import * as conv from './conv.js';
import * as depthwise from './depthwise.js';
import { type Heap, openHeap } from './heap.js';
import type { KernelCall } from './sizes.js';

let heap: Heap | undefined;

/** Our kernels on the wasm backend; undefined while another backend is the current one. */
export const currentHeap = (): Heap | undefined => (tf.getBackend() === 'wasm' ? heap : undefined);

/** Kernels that the wasm backend lacks, and faster replacements for some that it has. */
const table: Record<string, (heap: Heap, call: KernelCall) => unknown> = {
  Conv2D: conv.forward,
  Conv2DBackpropFilter: conv.filterGradient,
  Conv2DBackpropInput: conv.inputGradient,
  DepthwiseConv2dNative: depthwise.forward,
  DepthwiseConv2dNativeBackpropInput: depthwise.inputGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwise.filterGradient,
  // The backend's Identity copies the values, and tfjs calls it for everything that a gradient keeps.
  Identity: (_, { inputs, backend }) => {
    const x = inputs['x']!;
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  },
};

/** Registers the table on the wasm backend, once. */
export async function registerWasmKernels(backend: BackendWasm): Promise<void> {
  if (heap) return;
  const opened = await openHeap(backend);
  for (const [kernelName, run] of Object.entries(table)) {
    if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: (call) => run(opened, call as unknown as KernelCall) as ReturnType<typeof opened.makeInfo>,
    });
  }
  heap = opened;
}
