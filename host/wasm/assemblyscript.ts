import { readdirSync, readFileSync } from 'node:fs';
import { parseSignature, type Signature, type Signatures } from '../../wasm/kernel-call.js';
import type { Tier } from '../../wasm/tiers.js';
import { cached } from '../system/cache.js';
import { installedVersion } from '../system/version.js';

/** The package's root folder, which holds asconfig.json and assembly/. */
const packageRoot = new URL('../../../', import.meta.url);

/** The only files that the compiler may read; for everything else it gets "not found". */
const readable = /^(asconfig\.json|assembly\/(\w+\/)?[\w-]+\.ts)$/;

/** Options of the compiler for a tier. */
export const tierFlags: Record<Tier, string[]> = {
  relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'],
  simd: ['--enable', 'simd'],
  swar: [],
};

/** What kernels are compiled for: a WebAssembly tier, or firmware, which uses the swar kernels as C. */
export type Target = Tier | 'c';

/** The variants of a module to try, in order; the first that exists is used. */
const sources: Record<Target, string[]> = {
  relaxed: ['relaxed', 'simd', 'wasm'],
  simd: ['simd', 'wasm'],
  swar: ['swar', 'wasm'],
  c: ['c', 'swar'],
};

/** The text of a file of the package; null if it does not exist. */
function read(path: string): string | null {
  try {
    return readFileSync(new URL(path, packageRoot), 'utf8');
  } catch {
    return null;
  }
}

/** The text of a module for a target; null if there is none or it may not be read. */
function sourceFor(path: string, target: Target): string | null {
  if (!readable.test(path)) return null;
  for (const part of ['', ...sources[target].map((name) => `-${name}`)]) {
    const text = read(path.replace(/\.ts$/, `${part}.ts`));
    if (text !== null) return text;
  }
  return null;
}

const known = new Map<string, Signature>();

/** Signatures of a target's kernels, each read once from its source. */
export const signaturesOf =
  (target: Target): Signatures =>
  (kernel, lead) => {
    const key = `${target} ${kernel}`;
    const found = known.get(key);
    if (found) return found;
    const signature = parseSignature(
      sourceFor(`assembly/${kernel}.ts`, target) ?? '',
      kernel.split('/').at(-1)!,
      lead,
    );
    known.set(key, signature);
    return signature;
  };

let allSources: string | undefined;

/**
 * Everything that compiled code depends on besides its own source: all sources that may be read, this code,
 * asc.
 */
const kernelSources = (): string => {
  allSources ??= JSON.stringify([
    installedVersion('assemblyscript'),
    readFileSync(new URL(import.meta.url), 'utf8'),
    ...[
      'asconfig.json',
      ...readdirSync(new URL('assembly/', packageRoot), { recursive: true, encoding: 'utf8' })
        .map((name) => `assembly/${name.replaceAll('\\', '/')}`)
        .sort(),
    ]
      .filter((path) => readable.test(path))
      .map((path) => [path, read(path)]),
  ]);
  return allSources;
};

/**
 * What `compile` makes of AssemblyScript, or made before of the same on this machine. `key`: what else it
 * depends on.
 */
export const compiledOnce = (key: string[], compile: () => Promise<Uint8Array>): Promise<Uint8Array> =>
  cached('wasm', [kernelSources(), ...key], compile);

/**
 * Compiles AssemblyScript in memory. A module with a file per target, such as `lanes-simd.ts`, is imported as
 * `lanes`. `entry` is a file of the package, or `source` under that name. Throws if it does not compile,
 * which is a defect of spikelet.
 */
export const compileAssemblyScript = (
  entry: string,
  flags: string[],
  source?: string,
  target: Target = 'simd',
): Promise<Uint8Array> =>
  compiledOnce([entry, ...flags, source ?? '', target], () => compileNow(entry, flags, source, target));

/** compileAssemblyScript() without asking what was compiled before. */
export async function compileNow(
  entry: string,
  flags: string[],
  source: string | undefined,
  target: Target,
): Promise<Uint8Array> {
  // Loaded only here: it takes half a second, and most verbs do not need it.
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...flags], {
    readFile(path) {
      return path === entry && source !== undefined ? source : sourceFor(path, target);
    },
    writeFile(path, contents) {
      if (path === 'out.wasm') binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary)
    throw new Error(`${entry} does not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
  return binary;
}
