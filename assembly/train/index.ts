/**
 * Training kernels on the heap of the tfjs wasm backend: operations that it lacks or does slowly, on 4
 * float32 lanes. Every tensor is [batch][row][column][channel]; every pointer is a byte address in the shared
 * memory. Static data is forbidden here, because it would overwrite the host module's.
 */
export { attend, attendGradient } from './attend';
export { affine, affineGradient, affineSums, moments } from './batch-norm';
export { convFilterGradient, convolution } from './conv';
export { depthwise, depthwiseFilterGradient } from './depthwise';
export { countNonZero, neuron, neuronGradient } from './neuron';
