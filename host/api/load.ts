import { SpikeletError } from '../../models/error.js';
import { fileKind, graphOf, netOf } from '../../models/file.js';
import type { Graph } from '../../models/graph.js';
import type { Net } from '../../models/net.js';
import { readSafetensors } from '../../models/safetensors.js';
import { readBytes } from '../system/files.js';

/** The Net in a file of spikelet's own. */
export async function loadNet(path: string): Promise<Net> {
  return netOf(readSafetensors(await readBytes(path), path), path);
}

/** The proven Graph in a file. */
export async function loadGraph(path: string): Promise<Graph> {
  return graphOf(readSafetensors(await readBytes(path), path), path);
}

/** Whichever of the two the file holds. */
export async function loadNetOrGraph(path: string): Promise<{ net: Net } | { graph: Graph }> {
  const file = readSafetensors(await readBytes(path), path);
  switch (fileKind(file)) {
    case 'net':
      return { net: netOf(file, path) };
    case 'graph':
      return { graph: graphOf(file, path) };
    default:
      throw new SpikeletError(`${path} holds tensors, but neither a Net nor a Graph of spikelet`, {
        hint: "'spikelet train' writes Nets, 'spikelet quantize' Graphs",
      });
  }
}
