import { readFileSync } from 'node:fs';
import { readSafetensors, type Tensor } from '../../models/index.js';

/** The tensors of a .safetensors file. */
export const read = (path: string): Map<string, Tensor> => readSafetensors(readFileSync(path)).tensors;
