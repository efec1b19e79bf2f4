import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDataset } from '../../host/data/index.js';
import { importFile } from '../../host/import/index.js';
import { imageOf } from '../../host/trace.js';
import { toPixels, writeNet } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { read } from '../reference.js';
import { shared } from '../shared.js';
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

/** The file of the 8-bit graph of a net of Fashion-MNIST, kept for the next time. */
export async function trainedGraph(name: TrainedNet): Promise<string> {
  const { spec, data, sfa } = await fashion();
  const file = name === 'tiny' ? 'fashion-sfa' : name;
  const [net, path] = [join(folder, `${file}.safetensors`), join(folder, `firmware-${file}.safetensors`)];
  if (!existsSync(path)) {
    if (!existsSync(net)) {
      if (name === 'tiny') {
        const { net: imported } = await importFile(`${sfa}/model.safetensors`, { classes: data.classes });
        writeFileSync(net, writeNet(imported));
      } else
        await result(
          ...['train', '--model', name, '--data', spec, '--epochs', '1', '--seed', '1', '--out', net],
        );
    }
    await result(...['quantize', net, '--data', spec, '--bits', '8', '--count', '0', '--out', path]);
  }
  return path;
}

/** The reference's E-SpikeFormer of the nano class at 8 bits, and its images; undefined where it is absent. */
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
