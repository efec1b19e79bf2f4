import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seeded } from '../support/random-graph.js';
import { kinds } from './kinds.js';
import { type Clean, clean, writeInputs } from './trial.js';
import { tried } from './verbs.js';
import { notWhole } from './whole.js';

/** A short `npm run bench -- faults`: the quickest verbs, stopped once each at a random moment. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-faults-'));
const inputs = join(folder, 'inputs');
await writeInputs(inputs, 12);
const random = seeded(Number(process.env['SPIKELET_SEED'] ?? 1));

for (const verb of tried.filter(({ name }) => ['run FOLDER', 'flash --out'].includes(name))) {
  const place = join(folder, verb.name.replace(/\W/g, '-'));
  let undisturbed: Clean | undefined;
  for (const kind of kinds.filter(({ name }) => ['kill -9', 'SIGTERM'].includes(name)))
    test(`${verb.name}, ${kind.name}: nothing half-written, and it goes on to the same bytes`, async () => {
      undisturbed ??= await clean(inputs, place, verb);
      assert.ok(undisturbed.crcs.size > 0, 'it writes nothing');
      assert.equal(await kind.try(inputs, place, verb, undisturbed, random), []);
    });
}

test('files that are cut are told from whole ones', () => {
  const wholes = {
    'a.safetensors': readFileSync(join(inputs, 'graph.safetensors')),
    'a.jsonl': '{}\n{}\n',
    'a.json': '{}',
  };
  for (const [name, contents] of Object.entries(wholes)) {
    const path = join(folder, name);
    writeFileSync(path, contents);
    assert.is(notWhole(path, { killed: false }), undefined, name);
    writeFileSync(path, contents.slice(0, -1));
    assert.ok(notWhole(path, { killed: false }), name);
  }
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
