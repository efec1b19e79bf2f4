import { readFileSync } from 'node:fs';
import {
  type FrontEnd,
  frontEndShape,
  type Graph,
  type LogMel,
  logmelFrontEnd,
  product,
  readSafetensors,
  type Tensor,
} from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { zooNet } from './nets.js';
import { seeded } from './random-graph.js';
import { shared } from './shared.js';
import type { Need } from './skip.js';

/** Files of reference front ends: signals, tables and every integer on the way. */
export const frontEndVectors: Need = {
  name: '../shared/vectors/frontends',
  install: 'reference data that is not part of the repository',
  find: () => shared('vectors/frontends'),
};

/** Events in all formats, with the frames that other programs make of them. */
export const eventVectors: Need = {
  name: '../shared/vectors/events',
  install: 'reference data that is not part of the repository',
  find: () => shared('vectors/events'),
};

/** The tensors of a file of them, by name. */
export function vectors(path: string): Map<string, Tensor> {
  const file = `vectors/${path}.safetensors`;
  return readSafetensors(readFileSync(shared(file)!), file).tensors;
}

/** Values of a tensor. */
export const valuesOf = <T extends Tensor['data']>(tensors: Map<string, Tensor>, name: string): T => {
  const found = tensors.get(name);
  if (!found) throw new Error(`no tensor '${name}'`);
  return found.data as T;
};

/** One frame to an image, so that images are the frames of a signal. */
export const frameByFrame = (sampleRate: number, options: Partial<LogMel> = {}) =>
  logmelFrontEnd({ sampleRate, frames: 1, ...options });

/** The signals of all files, with the rate whose preset they belong to. */
export const signals = (): { file: string; name: string; rate: number; tensors: Map<string, Tensor> }[] =>
  ['logmel-8k', 'logmel-16k', 'logmel-edge'].flatMap((file) => {
    const tensors = vectors(`frontends/${file}`);
    const wide = ['nyquist', 'square', 'random_full'];
    return [...tensors.keys()]
      .filter((key) => key.endsWith('.samples'))
      .map((key) => {
        const name = key.slice(0, -'.samples'.length);
        return { file, name, rate: file === 'logmel-16k' || wide.includes(name) ? 16000 : 8000, tensors };
      });
  });

/** Images one after the other. */
export const joined = (images: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(images));

/** A generator of 16-bit noise that needs no library: the same samples everywhere. */
export function noise(length: number, peak: number, seed = 1): Int16Array {
  let state = seed;
  return Int16Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((((state >>> 16) - 32768) * peak) / 32768);
  });
}

/** A small Graph of random weights behind a front end. */
export function graphBehind(frontEnd: FrontEnd): Graph {
  const shape = frontEndShape(frontEnd);
  const random = seeded(3);
  const images = [0, 1].map(() => Float32Array.from({ length: product(shape) }, () => random()));
  const net = zooNet('dense', shape, 5, { hidden: [12] });
  return quantize({ ...net, frontEnd }, images, { bits: 8 });
}
