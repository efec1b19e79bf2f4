/**
 * Training kernels on the heap of the tfjs wasm backend: what that backend lacks or does slowly, 4 float32 lanes
 * at a time. Every tensor is [batch][row][column][channel]; every pointer is a byte address in the shared memory.
 * Static data is forbidden here: it would be written over the host module's own.
 */
export { attend, attendGradient } from './attend';
export { affine, affineGradient, affineSums, moments } from './batch-norm';
export { convFilterGradient, convolution } from './conv';
export { depthwise, depthwiseFilterGradient } from './depthwise';
export { countNonZero, neuron, neuronGradient } from './neuron';
