import { SpikeletError } from '../../models/index.js';
import { pagesFor } from '../../wasm/describe.js';
import type { WasmDescription } from '../../wasm/description.js';

/** Most memory that a module may have here, in pages of 64 KiB: 384 MiB. */
const MOST_PAGES = 6144;

/** The imports that a model may have. */
const IMPORTS = ['env.memory', 'env.stalled', 'env.trace', 'env.weights'];

const sectionIds = { table: 4, memory: 5, start: 8 } as const;

/**
 * Refuses, before it is started, a compiled module that asks for more than a model needs: other imports, a
 * memory that can grow or differs from the description, tables, a start function. `bytes` are those of
 * `module`. Throws a SpikeletError.
 */
export function requireModest(
  bytes: Uint8Array,
  module: WebAssembly.Module,
  description: WasmDescription,
): void {
  const refused = (why: string, hint = "the file is damaged or not from 'spikelet build'; build it again") =>
    new SpikeletError(`refusing to start the module of '${description.name}': ${why}`, { hint });
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    if (!IMPORTS.includes(`${from}.${name}`))
      throw refused(`it imports '${`${from}.${name}`.slice(0, 100)}', which models do not`);
  const pages = pagesFor(description.arena[0] + description.arena[1]);
  if (pages > MOST_PAGES)
    throw refused(
      `it needs ${pages / 16} MiB of memory, more than the limit of ${MOST_PAGES / 16} MiB`,
      "build it with a budget: 'spikelet build --ram 256m'",
    );
  const sections = sectionsOf(bytes);
  if (sections.has(sectionIds.start)) throw refused('it has a start function');
  const table = sections.get(sectionIds.table);
  if (table && (table[0] !== 1 || number(table, 3).value > 1)) throw refused('it has function tables');
  const memory = sections.get(sectionIds.memory);
  if (!memory) return;
  const [count, flags] = memory;
  const least = number(memory, 2);
  const most = flags === 1 ? number(memory, least.end).value : Number.POSITIVE_INFINITY;
  if (count !== 1 || least.value !== pages || most !== pages)
    throw refused(`its memory has ${least.value} to ${most} pages, but the model needs ${pages}`);
}

/** The sections of a valid module, by number. */
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
