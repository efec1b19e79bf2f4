import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IMAGE_ADDRESS } from '../../wasm/memory-image.js';
import { modelFields, nodeFields, STEP_BYTES, stepFields } from '../../wasm/node-record.js';

const source = readFileSync(new URL('../../../assembly/node.ts', import.meta.url), 'utf8');

/** Name and type of every field of a class of assembly/node.ts, in order. */
function fieldsOf(name: string): { name: string; type: string }[] {
  const [, body = ''] = new RegExp(`^export class ${name} \\{([^}]*)\\}`, 'm').exec(source) ?? [];
  return [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)].map(([, field, type]) => ({
    name: field!,
    type: type!,
  }));
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

for (const [name, fields] of [
  ['Node', nodeFields],
  ['Model', modelFields],
] as const)
  test(`${name} of the kernels has the fields that the memory image and C write`, () => {
    assert.equal(
      fieldsOf(name).map(({ name: field, type }) => ({ name: snake(field), pointer: type === 'usize' })),
      fields.map(({ name: field, pointer }) => ({ name: field, pointer })),
    );
  });

test('so has Step, in words of 16 bits', () => {
  assert.equal(
    fieldsOf('Step'),
    stepFields.map((name) => ({ name, type: 'u16' })),
  );
  assert.is(STEP_BYTES, 6);
});

test("the vector tiers' table is where the memory image puts it", () => {
  const [, address] = /COMPACTION: usize = (\d+);/.exec(source)!;
  assert.is(Number(address), IMAGE_ADDRESS + 16);
});

test.run();
