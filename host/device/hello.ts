import { printable } from '../system/printable.js';

/** What a device says of itself. */
export type Hello = {
  board: string;
  model: string;
  /** CRC-32 of the graph's file. */
  graphCrc: number;
  inputBytes: number;
  classes: number;
  layers: number;
  /** Whether it can note anything: its firmware was compiled with SPIKELET_TRACE. */
  traced: boolean;
  /** What its counter counts: `count = ticks * count / ticks`; and its ticks in a second. */
  counter: { means: Counted; count: number; ticks: number; ticksPerSecond: number };
  /** Bytes: of the board's RAM, the model's arena, the stack. */
  ram: { board: number; arena: number; stack: number };
};

const counted = ['instructions', 'cycles', 'microseconds'] as const;
export type Counted = (typeof counted)[number];

/** Logits and layers that a device may have, bytes of a payload: bounds on what it makes us allocate. */
const MOST = 1 << 16;
const MOST_PAYLOAD = 2048;

/** The numbers before the strings, in the order of firmware-gen/shell/requests.h. */
const numbers = [
  ...(['payload', 'problem', 'graphCrc', 'inputBytes', 'classes', 'layers', 'notes'] as const),
  ...(['ticksPerSecond', 'count', 'ticks', 'board', 'arena', 'stack'] as const),
] as const;

/**
 * Reads the answer to a hello, with the largest payload that the device takes and what spikelet_init() said there;
 * undefined where it is none of this version.
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
