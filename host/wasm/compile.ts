import { readFileSync } from 'node:fs';
import { pagesFor, SECTION } from '../../wasm/describe.js';
import type { WasmDescription } from '../../wasm/description.js';
import { IMAGE_ADDRESS, type MemoryImage } from '../../wasm/memory-image.js';
import type { Tier } from '../../wasm/tiers.js';
import { installedVersion } from '../system/version.js';
import { compileAssemblyScript, compiledOnce, compileNow, tierFlags } from './assemblyscript.js';

/** What optimised code depends on besides its source: binaryen, and this code. */
const optimiser = [installedVersion('binaryen'), readFileSync(new URL(import.meta.url), 'utf8')];

/**
 * Compiles AssemblyScript to optimised WebAssembly, in memory; options from asconfig.json, kernels from
 * assembly/. The result has no data yet. With more than one of `threads`, it imports a shared memory.
 * Compiling takes seconds and depends only on the layers' geometry, not on their weights, so the code of a
 * net that was trained further usually comes from the cache.
 */
export async function compileSource(source: string, tier: Tier, threads = 1): Promise<Uint8Array> {
  const flags = [...tierFlags[tier]];
  // The size of the shared memory is known only when the module is linked.
  if (threads > 1) flags.push('--enable', 'threads', '--sharedMemory', '--maximumMemory', '65535');
  return compiledOnce([...optimiser, ...flags, source, tier, String(threads)], async () =>
    optimise(await compileNow('model.ts', flags, source, tier), tier, threads),
  );
}

/**
 * The swar kernels, not optimised and with names of functions and values, to be printed as C for firmware.
 */
export const compileForC = (source: string): Promise<Uint8Array> =>
  compileAssemblyScript('model.ts', ['--debug'], source, 'c');

async function optimise(code: Uint8Array, tier: Tier, threads: number): Promise<Uint8Array> {
  const { default: binaryen } = await import('binaryen');
  const module = binaryen.readBinary(code);
  try {
    const { Features } = binaryen;
    module.setFeatures(
      module.getFeatures() |
        Features.SIMD128 |
        (tier === 'relaxed' ? Features.RelaxedSIMD : 0) |
        (threads > 1 ? Features.Atomics : 0),
    );
    // The image begins at 1024, so smaller offsets fit into loads and stores.
    binaryen.setLowMemoryUnused(true);
    // Measured: shrink level 2 makes the code a fifth smaller and just as fast.
    binaryen.setOptimizeLevel(3);
    binaryen.setShrinkLevel(2);
    // Keep one function per layer: merged into one, every engine compiles them later and worse.
    binaryen.setOneCallerInlineMaxSize(60);
    // Adding a spike is a function, for the sake of C (assembly/lanes-swar.ts): at 9, swar takes 7 % longer.
    binaryen.setAlwaysInlineMaxSize(12);
    module.optimize();
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** Adds constants, a memory of whole pages (imported for threads) and the description to compiled code. */
export async function link(
  code: Uint8Array,
  image: MemoryImage,
  description: WasmDescription,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; pages: number }> {
  const { default: binaryen } = await import('binaryen');
  const [arena, arenaBytes] = description.arena;
  const pages = pagesFor(arena + arenaBytes);
  const module = binaryen.readBinary(code);
  try {
    module.removeExport('memory');
    const shared = description.threads !== undefined;
    const segments = [{ offset: module.i32.const(IMAGE_ADDRESS), data: image.bytes }];
    module.setMemory(pages, pages, shared ? null : 'memory', segments, shared);
    if (shared) module.addMemoryImport('0', 'env', 'memory', true);
    module.addCustomSection(SECTION, new TextEncoder().encode(JSON.stringify(description)));
    return { bytes: new Uint8Array(module.emitBinary()), pages };
  } finally {
    module.dispose();
  }
}
