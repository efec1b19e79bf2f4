import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testWith } from '../support/skip.js';
import { readAll } from './read-all.js';
import { MOST_RSS, type Reader } from './reader.js';
import { readers } from './readers.js';

/** A short `npm run bench -- hostile`: some thousand inputs, other ones with SPIKELET_SEED. */
const seed = Number(process.env['SPIKELET_SEED'] ?? 1);
const INPUTS = 2000;
const parts = readers.reduce((sum, reader) => sum + reader.parts, 0);
const folder = await mkdtemp(join(tmpdir(), 'spikelet-hostile-'));
const before = process.cwd();

/** Inputs that each take a process, a thread or a compiler: few of them. */
const SLOW = /device's C|^modules: .*(run|model\.mjs)$|equal in WebAssembly/;

const shareOf = ({ name, parts: own }: Reader): number =>
  SLOW.test(name) ? 4 : Math.ceil((INPUTS * own) / parts);

for (const reader of readers) {
  const name = `${reader.name}: each input gives a value or one error`;
  const { needs = [] } = reader;
  (await testWith(needs))(name, async () => {
    const opened = await reader.open(folder);
    const order = { reader: reader.name, seed, from: 0, to: shareOf(reader) };
    const { accepted, refused, defects, notes } = await readAll(opened, order);
    await opened.close?.();
    assert.equal(
      defects,
      [],
      `again: npm run bench -- hostile --seed ${seed} --reader "${reader.name}" --only N`,
    );
    assert.ok(accepted + refused > 0, `nothing was read ${notes}`);
  });
}

test('the memory of all that stays bounded', () => {
  const rss = 1024 * process.resourceUsage().maxRSS;
  // The compiler of the accepted Graphs runs in this process too.
  assert.ok(rss < 2 * MOST_RSS, `${Math.round(rss / 2 ** 20)} MB`);
});

test.after(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true, force: true });
});
test.run();
