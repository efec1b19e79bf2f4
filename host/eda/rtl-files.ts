import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutputFile } from '../../models/index.js';

/** The hand-written cores, shipped unchanged. */
const folder = fileURLToPath(new URL('../../../fpga/rtl', import.meta.url));

/** Cores by their file names, as files of a project. */
export const rtlFiles = (names: readonly string[]): Promise<OutputFile[]> =>
  Promise.all(
    names.map(async (name) => ({
      path: `rtl/${name}`,
      contents: await readFile(join(folder, name), 'utf8'),
    })),
  );
