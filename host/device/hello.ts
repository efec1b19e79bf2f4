import { printable } from '../system/printable.js';

/** What a device reports about itself. */
export type Hello = {
  board: string;
  model: string;
  /** CRC-32 of the graph's file. */
  graphCrc: number;
  inputBytes: number;
  classes: number;
  layers: number;
  /** Whether it can record notes: its firmware was compiled with SPIKELET_TRACE. */
  traced: boolean;
  /** The unit of its counter: `ticks` ticks are `count` of `means`; and its ticks per second. */
  counter: { means: Counted; count: number; ticks: number; ticksPerSecond: number };
  /** Bytes of the board's RAM, the model's arena and the stack. */
  ram: { board: number; arena: number; stack: number };
};

const counted = ['instructions', 'cycles', 'microseconds'] as const;
export type Counted = (typeof counted)[number];

/** Most logits and layers of a device, and bytes of a payload: bounds on what it can make us allocate. */
const MOST = 1 << 16;
const MOST_PAYLOAD = 2048;

/** The numbers before the strings, in the order of firmware-gen/shell/requests.h. */
const numbers = [
  ...(['payload', 'problem', 'graphCrc', 'inputBytes', 'classes', 'layers', 'notes'] as const),
  ...(['ticksPerSecond', 'count', 'ticks', 'board', 'arena', 'stack'] as const),
] as const;

/**
 * Reads the answer to a hello, with the largest payload that the device takes and the result of
 * spikelet_init() there; undefined if it is not an answer of this version.
 */
export function readHello(bytes: Uint8Array): { hello: Hello; payload: number; problem: number } | undefined {
  const start = 4 * numbers.length;
  if (bytes.length < start) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const said = Object.fromEntries(numbers.map((name, i) => [name, view.getUint32(4 * i, true)])) as Record<
    (typeof numbers)[number],
    number
  >;
  const texts: string[] = [];
  for (let at = start; at < bytes.length; at += 1 + bytes[at]!)
    texts.push(printable(new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + bytes[at]!))));
  const { payload, problem, graphCrc, inputBytes, classes, layers, notes } = said;
  const { ticksPerSecond, count, ticks, board, arena, stack } = said;
  const [name, model] = texts;
  const means = counted.find((known) => known === texts[2]);
  const sane = payload > 4 && payload <= MOST_PAYLOAD && classes <= MOST && layers <= MOST;
  if (!name || model === undefined || !means || !sane || !count || !ticks || !ticksPerSecond)
    return undefined;
  return {
    hello: {
      ...{ board: name, model, graphCrc, inputBytes, classes, layers, traced: notes !== 0 },
      counter: { means, count, ticks, ticksPerSecond },
      ram: { board, arena, stack },
    },
    payload,
    problem,
  };
}
