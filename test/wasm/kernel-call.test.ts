import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signaturesOf } from '../../host/wasm/assemblyscript.js';
import { orderCall, parseSignature } from '../../wasm/kernel-call.js';

const source = `
@inline
export function scale<X, Y>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32,
  packed: bool,
): void {
  other(node);
}
`;
const signature = parseSignature(source, 'scale');
const call = {
  kernel: 'scale',
  types: { Y: 'i16', X: 'u8' },
  args: [{ packed: true }, { width: 3, height: 2 }],
};

test("a call is ordered by the names of the kernel's own signature", () => {
  assert.equal(signature, { types: ['X', 'Y'], lines: [['height', 'width'], ['packed']] });
  assert.equal(orderCall(call, signature), {
    types: ['u8', 'i16'],
    lines: [
      { names: ['height', 'width'], values: [2, 3] },
      { names: ['packed'], values: [true] },
    ],
  });
});

test('a name that is unknown, missing or given twice is an error', () => {
  const order = (change: Partial<typeof call>) => () => orderCall({ ...call, ...change }, signature);
  const [packed, size] = call.args as [object, object];
  assert.throws(
    order({ args: [packed as never, { ...size, depth: 1 } as never] }),
    'scale has no parameter depth',
  );
  assert.throws(order({ args: [size as never] }), 'scale needs packed');
  assert.throws(order({ args: [...call.args, { width: 4 } as never] }), "scale: 'width' is given twice");
  assert.throws(order({ types: { X: 'u8' } as never }), 'scale<> needs Y');
  assert.throws(order({ types: { ...call.types, Z: 'u8' } as never }), 'scale<> has no parameter Z');
});

test('a source without the kernel, or with other first parameters, is an error', () => {
  assert.throws(() => parseSignature(source, 'pool'), 'exports no function pool');
  assert.throws(() => parseSignature(source.replace('row: i32, ', ''), 'scale'), 'must be node, row, rows');
});

test('every kernel of every target has a signature', () => {
  const kernels = ['events', 'depthwise', 'grouped', 'fire', 'attend', 'pool'];
  for (const target of ['relaxed', 'simd', 'swar', 'c'] as const)
    for (const kernel of kernels) assert.ok(signaturesOf(target)(kernel).lines.length, `${target} ${kernel}`);
  assert.ok(signaturesOf('simd')('pixels').lines.flat().includes('windowRows'));
  assert.ok(signaturesOf('relaxed')('pairs').lines.flat().includes('most'));
});

test.run();
