import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadGraph } from '../../host/cli/load.js';
import type { Graph } from '../../models/index.js';
import { folder, result } from './cli.js';

/** A net of the zoo, trained on Fashion-MNIST for one epoch and quantized to 8 bits; made once and kept with the proofs. */
export async function trainedGraph(model: string, fashion: string): Promise<Graph> {
  const spec = `fashion-mnist=${fashion}`;
  const net = join(folder, `${model}.safetensors`);
  const path = join(folder, `${model}.graph.safetensors`);
  if (!existsSync(path)) {
    const training = ['--data', spec, '--epochs', '1', '--seed', '1', '--out', net];
    await result('train', '--model', model, ...training);
    await result('quantize', net, '--data', spec, '--out', path);
  }
  return loadGraph(path);
}
