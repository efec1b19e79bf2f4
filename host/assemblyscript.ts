import { readFile } from 'node:fs/promises';

/** The package's own folder: asconfig.json and assembly/ are shipped in it. */
const packageRoot = new URL('../../', import.meta.url);

/** Sources and options that the compiler may read; anything else that it asks for does not exist. */
const readable = /^(asconfig\.json|assembly\/(\w+\/)?[\w-]+\.ts)$/;

/** What a kernel's arithmetic may use: `simd` 128-bit vectors, `swar` plain 32-bit integers. */
export const tiers = ['simd', 'swar'] as const;
export type Tier = (typeof tiers)[number];

/**
 * Compiles AssemblyScript in memory. A module that has a file for each tier, `lanes-simd.ts`, is imported as `lanes`.
 * `entry` is a file of the package, or `source` under that name.
 * Throws where it does not compile, which is a defect of ours.
 */
export async function compileAssemblyScript(
  entry: string,
  flags: string[],
  source?: string,
  tier: Tier = 'simd',
): Promise<Uint8Array> {
  const read = (path: string) => readFile(new URL(path, packageRoot), 'utf8').catch(() => null);
  // Loaded only here: half a second that most verbs do not need.
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...flags], {
    async readFile(path) {
      if (path === entry && source !== undefined) return source;
      if (!readable.test(path)) return null;
      return (await read(path)) ?? read(path.replace(/\.ts$/, `-${tier}.ts`));
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
