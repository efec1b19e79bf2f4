import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadGraph } from '../../host/api/load.js';
import { loadDataset } from '../../host/data/index.js';
import { testPixels } from '../../host/data/pixels.js';
import { importFile } from '../../host/import/index.js';
import { imageOf } from '../../host/run/trace-net.js';
import { type Graph, toPixels } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { read } from '../support/reference.js';
import { shared } from '../support/shared.js';
import { folder, result } from './cli.js';

/** Fashion-MNIST and the reference's trained net; ends the process where they are absent. */
export async function fashion() {
  const [path, sfa] = [shared('data/fashion-mnist'), shared('vectors/fashion-sfa')];
  if (!path || !sfa) {
    console.log('skipped: ../shared/data/fashion-mnist or ../shared/vectors/fashion-sfa is absent');
    process.exit();
  }
  mkdirSync(folder, { recursive: true });
  const spec = `fashion-mnist=${path}`;
  return { spec, data: await loadDataset(spec), sfa };
}

/** Nets that the proofs train on Fashion-MNIST, or import: `tiny` is the reference's. */
export type TrainedNet = 'tiny' | 'mini' | 'dense' | 'conv';

/** The file of the graph of a net of Fashion-MNIST, made by the command line and kept for the next time. */
export async function trainedGraph(name: TrainedNet, bits = 8): Promise<string> {
  const { spec, data, sfa } = await fashion();
  const [net, path] = ['', `-${bits}bit.graph`].map((end) => join(folder, `${name}${end}.safetensors`)) as [
    string,
    string,
  ];
  if (!existsSync(path)) {
    if (!existsSync(net)) {
      const make =
        name === 'tiny'
          ? ['import', `${sfa}/model.safetensors`, '--input', '28,28,1']
          : ['train', '--model', name, '--data', spec, '--epochs', '1', '--seed', '1'];
      const normalised = ['--mean', String(data.mean), '--std', String(data.std)];
      await result(...make, ...(name === 'tiny' ? normalised : []), '--out', net);
    }
    await result('quantize', net, '--data', spec, '--bits', String(bits), '--count', '0', '--out', path);
  }
  return path;
}

/**
 * A graph of Fashion-MNIST and the pixels of the first test images: of the file on the command line, or
 * `tiny`.
 */
export async function fashionGraph(count: number): Promise<{ graph: Graph; images: Int8Array[] }> {
  const { data } = await fashion();
  const graph = await loadGraph(process.argv[2] ?? (await trainedGraph('tiny')));
  return { graph, images: [...testPixels(graph, data, count)] };
}

/**
 * The reference's E-SpikeFormer of the nano class at 8 bits, and its images; undefined where it is absent.
 */
export async function nano() {
  const vectors = shared('vectors/espikeformer-nano');
  if (!vectors) {
    console.log('skipped: ../shared/vectors/espikeformer-nano is absent');
    return undefined;
  }
  const input = read(`${vectors}/io.safetensors`).get('input')!;
  const { net } = await importFile(`${vectors}/model.safetensors`, { inputShape: [64, 64, 3] });
  const floats = Array.from({ length: input.shape[0]! }, (_, n) => imageOf(input, n));
  const graph = quantize(net, floats, { bits: 8 });
  return { graph, images: floats.map((image) => toPixels(graph, image)) };
}
