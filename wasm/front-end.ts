import {
  checkFrontEnd,
  type FrontEnd,
  type FrontEndKind,
  type LogMel,
  type Take,
} from '../models/frontends/index.js';
import { binsOf } from '../models/frontends/logmel-tables.js';
import { SpikeletError } from '../models/index.js';
import { type Arguments, orderCall, type Signature } from './kernel-call.js';

/** Values of a table, in the type that the kernel reads. */
export type TableArray = Int8Array | Uint8Array | Int16Array | Uint16Array;

/** A field of a front end's record (assembly/frontends/): a number, memory of the stream's own, or a table. */
export type FrontEndField =
  | { name: string; value: number }
  | { name: string; bytes: number }
  | { name: string; table: TableArray };

/** How a front end becomes a call of its kernel: `kernel(record, ...takes, ...args)`. */
export type FrontEndLayer = {
  /** The kernel's function, and its file in assembly/frontends/. */
  kernel: string;
  /** Class of its record, in that file. */
  record: string;
  /** What it takes of the signal, with the types: samples, or an event. */
  takes: Record<string, string>;
  /** Geometry, by the names of the kernel's own parameters. */
  args: Arguments;
  /** The record as a stream begins with it, in order; a word each. */
  fields: FrontEndField[];
  /** Rows of the image's ring, and bytes of each. */
  rows: number;
  width: number;
  /** How the image is read: rows as they are, or frames as channels. */
  read: { kernel: 'readImage' | 'readFrames'; file: string; args: number[] };
};

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

function logmelLayer({ parameters, tables }: FrontEnd & { kind: 'logmel' }): FrontEndLayer {
  const { window, hop, fft, bands, weightBits, floor, frames, stride }: LogMel = parameters;
  const { mean = 0, coefficients = 0 } = parameters;
  const { first, end } = binsOf(parameters);
  const width = coefficients || bands;
  return {
    kernel: 'logmel',
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

function windowLayer({ parameters }: FrontEnd & { kind: 'window' }): FrontEndLayer {
  const { channels, outputs, smoothing, shift, window, stride } = parameters;
  return {
    kernel: 'window',
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

function eventsLayer({ parameters }: FrontEnd & { kind: 'events' }): FrontEndLayer {
  const { sensor, size, polarity, per, frames, stride, most, decay = -1 } = parameters;
  const polarities = polarity === 'separate' ? 2 : 1;
  const width = size[0] * size[1] * polarities;
  const byTime = 'us' in per;
  return {
    kernel: 'event',
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

/** What the front ends are that have a kernel; photos need none but their table, or are resized before. */
const layers: { [K in FrontEndKind]: ((frontEnd: FrontEnd & { kind: K }) => FrontEndLayer) | undefined } = {
  pixels: undefined,
  resize: undefined,
  logmel: logmelLayer,
  window: windowLayer,
  events: eventsLayer,
};

/** A front end as a call of its kernel. Throws a SpikeletError where it is not proven, or where no kernel exists for it. */
export function frontEndLayer(frontEnd: FrontEnd): FrontEndLayer {
  checkFrontEnd(frontEnd);
  const layer = layers[frontEnd.kind] as ((frontEnd: FrontEnd) => FrontEndLayer) | undefined;
  if (!layer)
    throw new SpikeletError(`the front end '${frontEnd.kind}' has no kernel`, {
      hint: 'the host can compute it; a device must be given the image',
    });
  return layer(frontEnd);
}

/** Source of the module `frontend`: takes a piece of the signal, and reads an image that is due as pixels. */
export function frontEndSource(layer: FrontEndLayer, signature: Signature): string {
  const { kernel, record, takes, read, args } = layer;
  const { lines } = orderCall({ kernel, types: {}, args: [args] }, signature);
  const given = Object.entries(takes).map(([name, type]) => `${name}: ${type}`);
  const imports = [
    [`${kernel}, ${record}`, kernel],
    [read.kernel, read.file],
  ].map(([names, file]) => `import { ${names} } from './assembly/frontends/${file}';`);
  return `${imports.join('\n')}

/** Takes what it can until an image is due. */
export function take(front: ${record}, ${given.join(', ')}): i32 {
  return ${kernel}(
    front, ${Object.keys(takes).join(', ')},
${lines.map(({ names, values }) => `    ${values.join(', ')}, // ${names.join(', ')}`).join('\n')}
  );
}

export function isDue(front: ${record}): bool {
  return front.due != 0;
}

/** The image that is due, as the network's input. */
export function read(front: ${record}, table: usize, to: usize): void {
  ${read.kernel}(front, table, ${read.args.join(', ')}, to);
}
`;
}

/** What the kernel takes before its geometry. */
export const leadOf = ({ takes }: FrontEndLayer): string[] => ['front', ...Object.keys(takes)];

/** Bytes of RAM of a stream: its record and its memory. */
export const frontEndRam = ({ fields }: FrontEndLayer): number =>
  fields.reduce((sum, field) => sum + ('bytes' in field ? align(field.bytes) : 0), 4 * fields.length);

/** Bytes of its tables, which are constant. */
export const frontEndTableBytes = ({ fields }: FrontEndLayer): number =>
  fields.reduce((sum, field) => sum + ('table' in field ? align(field.table.byteLength) : 0), 0);

const align = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/**
 * Lays a front end out in memory from `address` on, a multiple of 4: the record, tables, the stream's memory. Gives the
 * bytes from there to the end of the tables, and the first address behind the stream's memory, which is zero at first.
 */
export function layOutFrontEnd(
  { fields }: FrontEndLayer,
  address: number,
): { bytes: Uint8Array; end: number } {
  let end = address + 4 * fields.length;
  const place = (bytes: number): number => {
    const at = end;
    end += align(bytes);
    return at;
  };
  const addresses = new Map<FrontEndField, number>();
  for (const field of fields) if ('table' in field) addresses.set(field, place(field.table.byteLength));
  const bytes = new Uint8Array(end - address);
  for (const field of fields) if ('bytes' in field) addresses.set(field, place(field.bytes));
  const view = new DataView(bytes.buffer);
  fields.forEach((field, i) => {
    view.setUint32(4 * i, 'value' in field ? field.value : addresses.get(field)!, true);
    if ('table' in field) {
      const { buffer, byteOffset, byteLength } = field.table;
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), addresses.get(field)! - address);
    }
  });
  return { bytes, end };
}
