import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { importFile } from '../../host/import/index.js';
import { imageOf } from '../../host/run/trace-net.js';
import { writeFile } from '../../host/system/files.js';
import { crc32, type Graph, hex32, readGraph, toPixels, writeGraph } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { read } from '../support/reference.js';

/**
 * E-SpikeFormer-m of the reference data at 8 bits, and the pixels of one of its images; the graph is kept in
 * build/.
 */
export async function espikeformerM(vectors: string): Promise<{ graph: Graph; pixels: Int8Array }> {
  const input = read(`${vectors}/io.safetensors`).get('input')!;
  const graph = await graphOf(
    `${vectors}/model.safetensors`,
    [0, 1, 2, 3, 4].map((n) => imageOf(input, n)),
  );
  return { graph, pixels: toPixels(graph, imageOf(input, 1)) };
}

async function graphOf(checkpoint: string, images: Float32Array[]): Promise<Graph> {
  const { net } = await importFile(checkpoint, { inputShape: [224, 224, 3] });
  const quantizer = crc32(await readFile(new URL('../../quantize/index.js', import.meta.url)));
  const path = `build/ram/espikeformer-m-${hex32(crc32(await readFile(checkpoint), quantizer))}.safetensors`;
  if (existsSync(path)) return readGraph(await readFile(path), path);
  console.log('quantizing, kept for the next time');
  const graph = quantize(net, images, { bits: 8 });
  await writeFile(path, writeGraph(graph));
  return graph;
}
