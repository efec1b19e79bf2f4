import { SpikeletError } from '../../models/index.js';
import { pagesFor } from '../../wasm/describe.js';
import type { WasmDescription } from '../../wasm/description.js';

/** Most memory that a module gets here, in pages of 64 KiB: 384 MiB. */
const MOST_PAGES = 6144;

/** What a model imports. */
const IMPORTS = ['env.memory', 'env.stalled', 'env.trace', 'env.weights'];

const sectionIds = { table: 4, memory: 5, start: 8 } as const;

/**
 * Refuses a compiled module that asks for more than a model does, before it is started: other imports, a memory that is
 * not the described one or can grow, tables, code that runs by itself. `bytes` are those of `module`. Throws a SpikeletError.
 */
export function requireModest(
  bytes: Uint8Array,
  module: WebAssembly.Module,
  description: WasmDescription,
): void {
  const refused = (why: string, hint = "the file is damaged or not of 'spikelet build'; make it again") =>
    new SpikeletError(`the module of '${description.name}' is not started: ${why}`, { hint });
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    if (!IMPORTS.includes(`${from}.${name}`))
      throw refused(`it imports '${`${from}.${name}`.slice(0, 100)}', which no model does`);
  const pages = pagesFor(description.arena[0] + description.arena[1]);
  if (pages > MOST_PAGES)
    throw refused(
      `it takes ${pages / 16} MiB of memory, more than the ${MOST_PAGES / 16} MiB that it gets here`,
      "build it with a budget: 'spikelet build --ram 256m'",
    );
  const sections = sectionsOf(bytes);
  if (sections.has(sectionIds.start)) throw refused('it has a start function');
  const table = sections.get(sectionIds.table);
  if (table && (table[0] !== 1 || number(table, 3).value > 1)) throw refused('it has tables of functions');
  const memory = sections.get(sectionIds.memory);
  if (!memory) return;
  const [count, flags] = memory;
  const least = number(memory, 2);
  const most = flags === 1 ? number(memory, least.end).value : Number.POSITIVE_INFINITY;
  if (count !== 1 || least.value !== pages || most !== pages)
    throw refused(`its memory is of ${least.value} to ${most} pages, and the model's of ${pages}`);
}

/** The sections of a module that compiles, by their number. */
function sectionsOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const sections = new Map<number, Uint8Array>();
  for (let at = 8; at < bytes.length; ) {
    const size = number(bytes, at + 1);
    sections.set(bytes[at]!, bytes.subarray(size.end, size.end + size.value));
    at = size.end + size.value;
  }
  return sections;
}

/** An unsigned LEB128 number of at most 35 bits. */
function number(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i] ?? 0;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return { value, end: at + i + 1 };
  }
  return { value, end: at + 5 };
}
