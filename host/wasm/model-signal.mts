import type { Model } from './model.mjs';
import { nameOf } from './model-bytes.mjs';
import { typeOf } from './model-pixels.mjs';

/**
 * Of a description: its kind, its state, whose fourth word says that an image is due, and where samples are
 * put.
 */
export type FrontEnd = {
  kind: string;
  state: [address: number, bytes: number];
  signal: [address: number, bytes: number];
};
/** What is needed of a description; a tensor's address is its fifth entry. */
type Described = {
  name: string;
  frontEnd?: FrontEnd;
  pixelTable: number;
  tensors: readonly { readonly 4: number }[];
};
type Signal = Pick<Model, 'audio' | 'samples' | 'event' | 'restart'>;

/** What each kind of front end is given, by the kind's name in a description. */
const SIGNALS: { [kind: string]: string } = { logmel: 'audio', window: 'samples', events: 'event' };

/** The functions that take a raw signal; `decide` computes the logits of the image that was read into the input. */
export function signalOf(
  { name, frontEnd, pixelTable, tensors }: Described,
  exports: WebAssembly.Exports,
  memory: WebAssembly.Memory,
  decide: () => Int32Array,
): Signal {
  const [record, bytes] = frontEnd?.state ?? [0, 0];
  const [at, size] = frontEnd?.signal ?? [0, 0];
  const take = exports['frontEndTake'] as (front: number, ...signal: number[]) => number;
  const read = exports['frontEndRead'] as (front: number, table: number, to: number) => void;
  const state = new Uint8Array(memory.buffer, record, bytes);
  const start = state.slice();
  const due = new Uint32Array(memory.buffer, record, bytes >> 2).subarray(3, 4);
  const buffer = new Int16Array(memory.buffer, at, size >> 1);
  const is = frontEnd && SIGNALS[frontEnd.kind];
  const requireSignal = (wanted: string) => {
    if (wanted !== is) throw new TypeError(`'${name}' takes ${is ? `${is}()` : 'images'}, not ${wanted}()`);
  };
  const image = (): Int32Array => {
    read(record, pixelTable, tensors[0]![4]);
    return decide();
  };
  const stuck = () => new Error(`'${name}' takes no more of its signal: the file is damaged`);
  /** `channels` values to a sample; the kernel counts samples, and stops where an image is due. */
  const samples = (what: string, values: Int16Array, channels: number): Int32Array[] => {
    requireSignal(what);
    if (typeOf(values) !== 'Int16Array')
      throw new TypeError(`'${name}' takes samples as Int16Array and got ${nameOf(values)}`);
    if (values.length % channels)
      throw new RangeError(`'${name}' takes samples of ${channels} channels and got ${values.length} values`);
    const all: Int32Array[] = [];
    for (let done = 0; done < values.length; ) {
      const piece = values.subarray(done, done + buffer.length);
      buffer.set(piece);
      const count = piece.length / channels;
      for (let taken = 0; taken < count; ) {
        const more = take(record, at + 2 * channels * taken, count - taken);
        if (more <= 0 && !due[0]) throw stuck();
        taken += more;
        if (due[0]) all.push(image());
      }
      done += piece.length;
    }
    return all;
  };
  return {
    audio: (values) => samples('audio', values, 1),
    samples: (values) => samples('samples', values, Math.max(1, buffer.length)),
    event(x, y, polarity, microseconds) {
      requireSignal('event');
      const all: Int32Array[] = [];
      for (let taken = 0; taken === 0; ) {
        taken = take(record, microseconds % 2 ** 32, x, y, polarity);
        if (taken < 0)
          throw new RangeError(
            `'${name}' refuses the event at ${x}, ${y}, polarity ${polarity}, ${microseconds} us: it is outside of the sensor, or earlier than those before`,
          );
        if (taken === 0 && !due[0]) throw stuck();
        if (due[0]) all.push(image());
      }
      return all;
    },
    restart: () => state.set(start),
  };
}
