import { parentPort, workerData } from 'node:worker_threads';
import { crc32 } from '../../models/crc32.js';
import { failureOf } from '../system/failure.js';
import type { Guarded, Reply } from './guard.js';
import { openWasm } from './open.js';

/** The worker of guard.ts: runs one module. */
const port = parentPort!;
const { path, threads } = workerData as Guarded;
const post = (reply: Reply) => port.postMessage(reply);

try {
  const model = await openWasm(path, threads);
  const { description, memory } = model;
  const { pixelTable, tensors } = description;
  port.on('message', ({ pixels, traces }: { pixels: Int8Array; traces: boolean }) => {
    try {
      const crcs = new Map<string, number>();
      const trace = (tensor: string, bytes: Uint8Array) => crcs.set(tensor, crc32(bytes, crcs.get(tensor)));
      const logits = model.infer(pixels, traces ? (...rows) => void trace(...rows) : undefined);
      post({ traced: { logits, crcs } });
    } catch (error) {
      post({ failure: failureOf(error) });
    }
  });
  post({
    opened: {
      description,
      pixelTable: new Int8Array(memory.buffer, pixelTable, 256 * tensors[0]![3][2]).slice(),
    },
  });
} catch (error) {
  post({ failure: failureOf(error) });
}
