import {
  checkFrontEnd,
  describeFrontEnd,
  type FrontEnd,
  type FrontEndKind,
  type LogMel,
  type Take,
} from '../models/frontends/index.js';
import { binsOf } from '../models/frontends/logmel-tables.js';
import { type Arguments, orderCall, type Signatures } from './kernel-call.js';

/** Values of a table, in the type that the kernel reads. */
export type TableArray = Int8Array | Uint8Array | Int16Array | Uint16Array;

/** A field of a front end's record (assembly/frontends/): a number, memory of the stream, or a table. */
export type FrontEndField =
  | { name: string; value: number }
  | { name: string; bytes: number }
  | { name: string; table: TableArray };

/** How a front end becomes a call of its kernel: `kernel(record, ...takes, ...args)`. */
export type FrontEndLayer = {
  kind: FrontEndKind;
  /** What it computes, in one line. */
  equation: string;
  /** The kernel's function, and its file in assembly/frontends/. */
  kernel: string;
  /** Class of its record, in that file. */
  record: string;
  /** What it takes of the signal, with the types: samples, or an event. */
  takes: Record<string, string>;
  /** Hz of the samples; 0 of events. */
  rate: number;
  /** Geometry, by the names of the kernel's own parameters. */
  args: Arguments;
  /** The record at the start of a stream, in order; a word each. */
  fields: FrontEndField[];
  /** Rows of the image's ring, and bytes of each. */
  rows: number;
  width: number;
  /** How the image is read: rows as they are, or frames as channels. */
  read: { kernel: 'readImage' | 'readFrames'; file: string; args: number[] };
};

type Kernel = Omit<FrontEndLayer, 'kind' | 'equation'>;

const samples = { raw: 'usize', count: 'i32' };

/** What every record begins with (assembly/frontends/ring.ts). */
const ringFields = (rows: number, width: number): FrontEndField[] => [
  { name: 'image', bytes: rows * width },
  { name: 'row', value: 0 },
  { name: 'wait', value: rows },
  { name: 'due', value: 0 },
];

const readRows = (rows: number, width: number, channels: number): FrontEndLayer['read'] => ({
  kernel: 'readImage',
  file: 'ring',
  args: [rows, width, channels],
});

function logmelLayer({ parameters, tables }: FrontEnd & { kind: 'logmel' }): Kernel {
  const { window, hop, fft, bands, weightBits, floor, frames, stride }: LogMel = parameters;
  const { mean = 0, coefficients = 0 } = parameters;
  const { first, end } = binsOf(parameters);
  const width = coefficients || bands;
  return {
    kernel: 'logmel',
    rate: parameters.sampleRate,
    record: 'LogMel',
    takes: samples,
    args: {
      ...{ window, hop, fft, bands, first, bins: end - first, weightBits, floor, mean, coefficients },
      ...{ rows: frames, stride },
    },
    fields: [
      ...ringFields(frames, width),
      { name: 'filled', value: 0 },
      { name: 'started', value: 0 },
      { name: 'samples', bytes: 2 * window },
      { name: 'spectrum', bytes: 2 * fft },
      { name: 'bands', bytes: 8 * bands },
      { name: 'means', bytes: mean ? 2 * bands : 0 },
      { name: 'window', table: Int16Array.from(tables['window']!) },
      { name: 'cosine', table: Int16Array.from(tables['cosine']!) },
      { name: 'segment', table: Uint8Array.from(tables['segment']!) },
      { name: 'rise', table: Uint16Array.from(tables['rise']!) },
      { name: 'log2', table: Uint16Array.from(tables['log2']!) },
      { name: 'dct', table: Int8Array.from(tables['dct'] ?? []) },
      { name: 'dctShift', table: Uint8Array.from(tables['dctShift'] ?? []) },
    ],
    rows: frames,
    width,
    read: readRows(frames, width, parameters.bandsAre === 'channels' ? width : 1),
  };
}

const takes: Take[] = ['raw', 'lowpass', 'highpass', 'difference'];

function windowLayer({ parameters }: FrontEnd & { kind: 'window' }): Kernel {
  const { channels, outputs, smoothing, shift, window, stride } = parameters;
  return {
    kernel: 'window',
    rate: parameters.rate,
    record: 'Window',
    takes: samples,
    args: { channels, outputs: outputs.length, smoothing, shift, rows: window, stride },
    fields: [
      ...ringFields(window, outputs.length),
      { name: 'started', value: 0 },
      { name: 'gravity', bytes: 4 * channels },
      { name: 'previous', bytes: 2 * channels },
      {
        name: 'outputs',
        table: Int16Array.from(
          outputs.flatMap(({ channel, take, multiplier }) => [channel, takes.indexOf(take), multiplier]),
        ),
      },
    ],
    rows: window,
    width: outputs.length,
    read: readRows(window, outputs.length, outputs.length),
  };
}

function eventsLayer({ parameters }: FrontEnd & { kind: 'events' }): Kernel {
  const { sensor, size, polarity, per, frames, stride, most, decay = -1 } = parameters;
  const polarities = polarity === 'separate' ? 2 : 1;
  const width = size[0] * size[1] * polarities;
  const byTime = 'us' in per;
  return {
    kernel: 'event',
    rate: 0,
    record: 'Event',
    takes: { t: 'u32', x: 'i32', y: 'i32', p: 'i32' },
    args: {
      ...{ sensorRows: sensor[0], sensorColumns: sensor[1], imageRows: size[0], imageColumns: size[1] },
      ...{ polarities, us: byTime ? per.us : 0, fromZero: byTime && per.from === 'zero' },
      ...{ events: byTime ? 0 : per.events, most, decay, rows: frames, stride },
    },
    fields: [
      ...ringFields(frames, width),
      ...['open', 'started', 'begin', 'count'].map((name) => ({ name, value: 0 })),
    ],
    rows: frames,
    width,
    read: { kernel: 'readFrames', file: 'event', args: [frames, size[0] * size[1], polarities] },
  };
}

/**
 * The front ends that have a kernel. A photo needs none but its table; a device is given it in the right
 * size.
 */
const kernels: { [K in FrontEndKind]: ((frontEnd: FrontEnd & { kind: K }) => Kernel) | undefined } = {
  pixels: undefined,
  resize: undefined,
  logmel: logmelLayer,
  window: windowLayer,
  events: eventsLayer,
};

/**
 * A model's front end as a call of its kernel; undefined where it has none, or one without a kernel. Throws
 * where it is not proven.
 */
export function frontEndLayer(frontEnd: FrontEnd | undefined): FrontEndLayer | undefined {
  if (!frontEnd) return undefined;
  checkFrontEnd(frontEnd);
  const { kind } = frontEnd;
  const kernel = kernels[kind] as ((frontEnd: FrontEnd) => Kernel) | undefined;
  return kernel && { kind, equation: describeFrontEnd(frontEnd), ...kernel(frontEnd) };
}

/** Source of a front end: its imports, and the functions that the module exports. */
export type FrontEndSource = { imports: string[]; functions: string };

/** Takes a piece of the signal, `frontEndTake`, and reads an image that is due as pixels, `frontEndRead`. */
export function frontEndSource(layer: FrontEndLayer, signatures: Signatures): FrontEndSource {
  const { kernel, record, takes, read, args } = layer;
  const signature = signatures(`frontends/${kernel}`, ['front', ...Object.keys(takes)]);
  const { lines } = orderCall({ kernel, types: {}, args: [args] }, signature);
  const given = Object.entries(takes).map(([name, type]) => `${name}: ${type}`);
  const imports = [
    [`${kernel}, ${record}`, kernel],
    [read.kernel, read.file],
  ].map(([names, file]) => `import { ${names} } from './assembly/frontends/${file}';`);
  const functions = `/** ${layer.equation} */
export function frontEndTake(front: ${record}, ${given.join(', ')}): i32 {
  return ${kernel}(
    front, ${Object.keys(takes).join(', ')},
${lines.map(({ names, values }) => `    ${values.join(', ')}, // ${names.join(', ')}`).join('\n')}
  );
}

/** The image that is due, as the network's input. */
export function frontEndRead(front: ${record}, table: usize, to: usize): void {
  ${read.kernel}(front, table, ${read.args.join(', ')}, to);
}
`;
  return { imports, functions };
}

/** Bytes of RAM of a stream: its record and its memory. */
export const frontEndRam = ({ fields }: FrontEndLayer): number =>
  fields.reduce((sum, field) => sum + ('bytes' in field ? align(field.bytes) : 0), 4 * fields.length);

/** Bytes of its tables, which are constant. */
export const frontEndTableBytes = ({ fields }: FrontEndLayer): number =>
  fields.reduce((sum, field) => sum + ('table' in field ? align(field.table.byteLength) : 0), 0);

const align = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** Samples of audio that a host gives at a time. */
const AUDIO_SAMPLES = 256;

/** Bytes of the memory through which a host gives a piece of the signal; events are given as numbers. */
export const signalBytes = ({ kind, args }: FrontEndLayer): number =>
  kind === 'logmel' ? 2 * AUDIO_SAMPLES : kind === 'window' ? 2 * (args['channels'] as number) : 0;

/** Where each part of the stream's memory begins, behind the record. */
export function memoryOffsets({ fields }: FrontEndLayer): Map<FrontEndField, number> {
  const offsets = new Map<FrontEndField, number>();
  let end = 0;
  for (const field of fields) {
    if (!('bytes' in field)) continue;
    offsets.set(field, end);
    end += align(field.bytes);
  }
  return offsets;
}

/**
 * Lays a front end out in memory from `address` on, a multiple of 4: tables, the record, the stream's memory,
 * which is zero at first. Gives the bytes up to the end of the record, the record's address, and the first
 * address behind it all.
 */
export function layOutFrontEnd(
  layer: FrontEndLayer,
  address: number,
): { bytes: Uint8Array; record: number; end: number } {
  const { fields } = layer;
  const record = address + frontEndTableBytes(layer);
  const memory = record + 4 * fields.length;
  const offsets = memoryOffsets(layer);
  const bytes = new Uint8Array(memory - address);
  const view = new DataView(bytes.buffer);
  let table = address;
  fields.forEach((field, i) => {
    const word = (value: number) => view.setUint32(record - address + 4 * i, value, true);
    if ('value' in field) word(field.value);
    else if ('bytes' in field) word(memory + offsets.get(field)!);
    else {
      const { buffer, byteOffset, byteLength } = field.table;
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), table - address);
      word(table);
      table += align(byteLength);
    }
  });
  return { bytes, record, end: record + frontEndRam(layer) };
}
