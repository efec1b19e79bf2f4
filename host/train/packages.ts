import { createRequire } from 'node:module';
import { SpikeletError } from '../../models/error.js';
import { npmInstall } from '../system/version.js';

/** Optional packages, 310 MB, that only training needs. This file loads none of them. */
const names = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];

export const trainingInstall = npmInstall(...names);

/** Throws a SpikeletError with the install command if a package that training needs is missing. */
export function requireTraining(): void {
  const { resolve } = createRequire(import.meta.url);
  for (const name of names)
    try {
      resolve(name);
    } catch (cause) {
      throw new SpikeletError(`training needs TensorFlow.js, and ${name} is not installed`, {
        hint: `${trainingInstall} (310 MB)`,
        cause,
      });
    }
}
