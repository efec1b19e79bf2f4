import { describeWasm, rowBytesOf, SECTION } from '../../wasm/describe.js';
import { bytes, type Column, type Part } from './text.js';

const right = (title: string, rank?: number): Column => ({
  title,
  right: true,
  ...(rank === undefined ? {} : { rank }),
});

/**
 * What is in a module that build made: its tensors and how its bytes are spent. Throws a SpikeletError if it
 * is not one.
 */
export function inspectModule(module: Uint8Array<ArrayBuffer>) {
  const description = describeWasm(module);
  const tensors = description.tensors.map((tensor) => {
    const [name, kind, type, shape, address, ring] = tensor;
    return { name, kind, type, shape, address, ring, bytes: ring * rowBytesOf(tensor) };
  });
  const image = description.image[1];
  const outside = description.outside?.[0] ?? 0;
  const constants = image + outside;
  const arena = description.arena[1];
  const { name, classes, weights } = description;
  const parts: Part[] = [
    { title: `WebAssembly model '${name}', ${classes.length} classes` },
    {
      columns: [
        { title: 'tensor' },
        { title: 'kind' },
        right('shape'),
        right('address', 2),
        right('rows held', 1),
        right('bytes'),
      ],
      rows: tensors.map((t) => [
        t.name,
        `${t.kind} ${t.type}`,
        t.shape.join(' x '),
        String(t.address),
        String(t.ring),
        String(t.bytes),
      ]),
    },
    '',
    `${bytes(module.length)}: ${weights} B of weights, ${constants - weights} B of other constants,`,
    `${module.length - image} B of code and of the section '${SECTION}'; arena ${bytes(arena)}`,
    ...(outside ? [`${outside} B of the constants are outside`] : []),
  ];
  const sizes = { module: module.length, weights, constants, outside, arena };
  return { result: { kind: 'wasm' as const, name, classes, bytes: sizes, tensors }, parts };
}
