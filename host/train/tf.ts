/**
 * tfjs is CommonJS: in Node its names are properties of the default export. Only this file deals with that.
 * `@tensorflow/tfjs-core` alone would register no gradients.
 */
import tf from '@tensorflow/tfjs';

export type { Tensor as TfTensor, Tensor1D, Tensor2D, Tensor4D, TensorInfo } from '@tensorflow/tfjs';
export { tf };
