import { readFileSync } from 'node:fs';
import {
  createNet,
  float32,
  type Net,
  readSafetensors,
  type Shape,
  type Tensor,
  toFloat32,
} from '../models/index.js';

/** The tensors of a .safetensors file. */
export const read = (path: string): Map<string, Tensor> => readSafetensors(readFileSync(path)).tensors;

/** A zoo net with a reference checkpoint's parameters. */
export function referenceNet(
  model: string,
  path: string,
  shape: Shape,
  classes: number,
  norm = { mean: 0, std: 1 },
): Net {
  const net = createNet(
    model,
    { shape, mean: new Array(shape[2]).fill(norm.mean), std: new Array(shape[2]).fill(norm.std) },
    Array.from({ length: classes }, (_, i) => String(i)),
    () => 0.5,
  );
  for (const [name, { shape, data }] of read(path))
    if (!name.endsWith('num_batches_tracked')) net.params.set(name, float32(shape, toFloat32(data)));
  return net;
}
