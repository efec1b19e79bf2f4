import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Board } from '../../firmware-gen/boards/index.js';
import { firmwareProject, type ProjectParts } from '../../firmware-gen/project.js';
import { writeFiles } from '../../host/system/files.js';
import { type Built, makeProject } from '../../host/toolchain/make.js';
import { readShell } from '../../host/toolchain/shell.js';
import { boardNeeds } from './needs.js';
import { allThere } from './skip.js';

/** Folders made by a test file, removed when it ends. */
const folders: string[] = [];

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-firmware-'));
  folders.push(folder);
  return folder;
}

export const removeFolders = async (): Promise<void> => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
};

/**
 * Whether firmware for a board can be compiled here, and run where it has an emulator. Says what is missing.
 */
export const canTry = (board: Board, emulated = true): Promise<boolean> =>
  allThere(board.name, boardNeeds(board, emulated));

/** Prints and compiles a project of the shell in a new folder. */
export async function compile(board: Board, program: Omit<ProjectParts, 'shell'>): Promise<Built> {
  const folder = await temporaryFolder();
  await writeFiles(folder, firmwareProject(board, { ...program, shell: await readShell() }));
  return makeProject(board, folder, program.place?.weights);
}
