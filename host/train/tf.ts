/**
 * tfjs is CommonJS: under Node its names are properties of the default export. This is the one place that knows.
 * `@tensorflow/tfjs-core` alone would register no gradients.
 */
import tf from '@tensorflow/tfjs';

export type { Tensor as TfTensor, Tensor1D, Tensor2D, Tensor4D, TensorInfo } from '@tensorflow/tfjs';
export { tf };
