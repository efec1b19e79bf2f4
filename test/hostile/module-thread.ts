import { parentPort, workerData } from 'node:worker_threads';
import { loadWasm } from '../../host/wasm/load.js';
import { load } from '../../host/wasm/model.mjs';
import { SpikeletError } from '../../models/index.js';

/** Loads and runs each module that comes, and says what became of it. */
const known = Object.keys(globalThis).length;
const prototypes = [Object.prototype, Array.prototype, Function.prototype];
const keys = () => prototypes.flatMap((one) => Reflect.ownKeys(one)).length;
const before = keys();

/** What a module could have reached outside of its memory. */
const escaped = (): string | undefined =>
  Object.keys(globalThis).length !== known || keys() !== before ? 'globals changed' : undefined;

/** Largest image that is made for a description that was accepted. */
const MOST_PIXELS = 2 ** 24;

function byLoadWasm(bytes: Uint8Array<ArrayBuffer>): number[] {
  const model = loadWasm(bytes);
  const [, , , [rows, columns, channels]] = model.description.tensors[0]!;
  if (rows * columns * channels > MOST_PIXELS)
    throw new SpikeletError('an image of this size is not made here');
  const image = new Int8Array(rows * columns * channels).fill(7);
  let seen = 0;
  const traced = model.infer(image, (_, values) => (seen += values.length));
  const logits = model.infer(image);
  if (logits.length !== model.description.classes.length) throw new Error(`${logits.length} logits`);
  return [...traced, seen, ...logits];
}

async function byLoader(bytes: Uint8Array<ArrayBuffer>): Promise<number[]> {
  const model = await load(bytes);
  const [rows, columns, channels] = model.shape;
  const size = rows * columns * channels;
  if (!(size <= MOST_PIXELS)) return [];
  return [...model.infer(new Int8Array(size).fill(7))];
}

parentPort!.on('message', async (bytes: Uint8Array<ArrayBuffer>) => {
  try {
    const logits = workerData === 'loadWasm' ? byLoadWasm(bytes) : await byLoader(bytes);
    parentPort!.postMessage({ logits, escaped: escaped() });
  } catch (error) {
    const { message, stack } = error as Error;
    // The loader that is shipped has no dependencies: it refuses with errors of the language.
    const refusal = error instanceof SpikeletError || (workerData !== 'loadWasm' && error instanceof Error);
    parentPort!.postMessage(refusal ? { refused: message } : { failed: stack ?? String(error) });
  }
});
parentPort!.postMessage('ready');
