import { readFile } from 'node:fs/promises';

/** The package's own folder: asconfig.json and assembly/ are shipped in it. */
const packageRoot = new URL('../../', import.meta.url);

/** Sources and options that the compiler may read; anything else that it asks for does not exist. */
const readable = /^(asconfig\.json|assembly\/(\w+\/)?[\w-]+\.ts)$/;

/**
 * Compiles AssemblyScript in memory. `entry` is a file of the package, or `source` under that name.
 * Throws where it does not compile, which is a defect of ours.
 */
export async function compileAssemblyScript(
  entry: string,
  flags: string[],
  source?: string,
): Promise<Uint8Array> {
  // Loaded only here: half a second that most verbs do not need.
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...flags], {
    readFile(path) {
      if (path === entry && source !== undefined) return source;
      return readable.test(path) ? readFile(new URL(path, packageRoot), 'utf8').catch(() => null) : null;
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
