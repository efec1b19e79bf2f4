import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Board, commandOf, type Programmer } from '../../fpga/boards/index.js';
import { exitCode, SpikeletError } from '../../models/index.js';
import { isFolder, readBytes } from '../system/files.js';
import { installLine, nextpnr } from './packages.js';

/** No part of these boards takes a larger one. */
const MOST_BYTES = 4 << 20;
/** What a bitstream of iCE40 has after its comments. */
const PREAMBLE = [0x7e, 0xaa, 0x99, 0x7e];
const COMMENTS = 4096;

/** A bitstream that was read and looks like one. */
export type Bitstream = { path: string; bytes: Uint8Array };

/**
 * The bitstream in a folder that `build --target verilog` wrote for the board, or in a file. Throws a SpikeletError where
 * there is none, or where the board takes none from here.
 */
export async function bitstreamAt(path: string, board: Board): Promise<Bitstream> {
  if (!board.programmer)
    throw new SpikeletError(`spikelet makes no bitstreams for ${board.name}`, {
      hint: "its Verilog is for the vendor's own tools, which flash it too",
    });
  const folder = await isFolder(path);
  const file = folder ? join(path, `${board.name}.bin`) : path;
  const found = await stat(file).catch(() => undefined);
  if (folder && !found)
    throw new SpikeletError(`there is no ${board.name}.bin in ${path}`, {
      hint: `'spikelet build --target verilog --board ${board.name}' writes it where ${nextpnr.name} is installed: ${installLine(nextpnr)}`,
    });
  const size = found?.size ?? 0;
  if (size > MOST_BYTES) throw noBitstream(file, `it has ${size} B`);
  const bytes = await readBytes(file);
  const preamble = (_: number, at: number) => PREAMBLE.every((byte, i) => bytes[at + i] === byte);
  if (bytes.subarray(0, COMMENTS).findIndex(preamble) < 0)
    throw noBitstream(file, 'it does not begin like one');
  return { path: file, bytes };
}

const noBitstream = (file: string, why: string): SpikeletError =>
  new SpikeletError(`${file} is no bitstream of iCE40: ${why}`, {
    hint: "give the folder that 'spikelet build --target verilog' wrote, or the .bin in it",
  });

/**
 * Writes a bitstream with the board's programmer; what that says goes to `note`. Throws a SpikeletError with the install
 * line where it is missing, with exit code 3 where it fails: it has found no board then, or lost it.
 */
export async function programBoard(
  programmer: Programmer,
  file: string,
  note: (line: string) => void,
): Promise<void> {
  const args = programmer.args.map((arg) => (arg === 'FILE' ? file : arg));
  note(`$ ${commandOf(programmer, file)}`);
  const child = spawn(programmer.program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said = (said + text).slice(-(1 << 16));
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new SpikeletError(`${programmer.program} is not installed`, { hint: programmer.install })
          : error,
      ),
    );
    child.on('close', resolve);
  });
  const lines = said.trim().split(/[\r\n]+/);
  if (code !== 0)
    throw new SpikeletError(`${programmer.program} failed:`, {
      lines: lines.slice(-5),
      hint: 'connect the board by USB; on Linux your user may need a udev rule for it',
      code: exitCode.device,
    });
  for (const line of lines) note(line);
}
