import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SpikeletError } from '../../models/index.js';
import { folderOf, installLine, type Tree, yosys } from './packages.js';

/**
 * Small files are in the package's resources as text; large ones are URLs until the package has read them.
 */
type Packed = { [name: string]: Packed | string | URL | Uint8Array };

/** A folder from yosys' shared files: CXXRTL headers, cell models. */
export async function shared(path: string): Promise<Tree> {
  const folder = folderOf(yosys);
  if (!folder)
    throw new SpikeletError(`${yosys.name} is not installed, and ${yosys.enables} needs it`, {
      hint: installLine(yosys),
    });
  const { filesystem } = (await import(pathToFileURL(join(folder, 'gen/resources-yosys.js')).href)) as {
    filesystem: { share: Packed };
  };
  const found = path.split('/').reduce<Packed>((at, name) => at[name] as Packed, filesystem.share);
  return unpack(found);
}

async function unpack(packed: Packed): Promise<Tree> {
  const entries = Object.entries(packed).map(async ([name, value]) => {
    if (typeof value === 'string') return [name, value] as const;
    if (value instanceof Uint8Array) return [name, new TextDecoder().decode(value)] as const;
    return [name, value instanceof URL ? await readFile(value, 'utf8') : await unpack(value)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
