import { mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { inputOf, readAll } from './read-all.js';
import { OPENING, type Order } from './reader.js';
import { readers } from './readers.js';

// Nobody waits for what it finds any more.
process.once('disconnect', () => process.exit());

/**
 * One process of a reader: reads the inputs `from` to `to`, noting in a file which one it is at, so that
 * whoever watches it knows at which it crashed or hangs.
 */
process.once('message', async (order: Order) => {
  const reader = readers.find(({ name }) => name === order.reader)!;
  mkdirSync(order.folder, { recursive: true });
  const place = openSync(order.place, 'w');
  const at = (index: number) => writeSync(place, Uint32Array.of(index), 0, 4, 0);
  at(OPENING);
  const opened = await reader.open(order.folder);
  if (order.save !== undefined) {
    writeFileSync(order.save, inputOf(opened, order, order.from));
    process.send!({ saved: true });
  } else process.send!({ found: await readAll(opened, order, at) });
  await opened.close?.();
  process.disconnect();
});
