import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Board, commandOf, type Programmer } from '../../fpga/boards/index.js';
import { exitCode, SpikeletError } from '../../models/index.js';
import { isFolder, readBytes } from '../system/files.js';
import { installLine, nextpnr } from './packages.js';

/** No part on these boards takes a larger bitstream. */
const MOST_BYTES = 4 << 20;
/** Bytes that follow the comments of an iCE40 bitstream. */
const PREAMBLE = [0x7e, 0xaa, 0x99, 0x7e];
const COMMENTS = 4096;

/** A bitstream that was read and has the right preamble. */
export type Bitstream = { path: string; bytes: Uint8Array };

/**
 * The bitstream in a folder that `build --target verilog` wrote for the board, or in a file. Throws a
 * SpikeletError if there is none, or if spikelet cannot make bitstreams for the board.
 */
export async function bitstreamAt(path: string, board: Board): Promise<Bitstream> {
  if (!board.programmer)
    throw new SpikeletError(`spikelet cannot make bitstreams for ${board.name}`, {
      hint: "build and flash its Verilog with the vendor's tools",
    });
  const folder = await isFolder(path);
  const file = folder ? join(path, `${board.name}.bin`) : path;
  const found = await stat(file).catch(() => undefined);
  if (folder && !found)
    throw new SpikeletError(`there is no ${board.name}.bin in ${path}`, {
      hint: `'spikelet build --target verilog --board ${board.name}' writes it if ${nextpnr.name} is installed: ${installLine(nextpnr)}`,
    });
  const size = found?.size ?? 0;
  if (size > MOST_BYTES) throw noBitstream(file, `it has ${size} B`);
  const bytes = await readBytes(file);
  const preamble = (_: number, at: number) => PREAMBLE.every((byte, i) => bytes[at + i] === byte);
  if (bytes.subarray(0, COMMENTS).findIndex(preamble) < 0) throw noBitstream(file, 'it has no preamble');
  return { path: file, bytes };
}

const noBitstream = (file: string, why: string): SpikeletError =>
  new SpikeletError(`${file} is not an iCE40 bitstream: ${why}`, {
    hint: "give the folder that 'spikelet build --target verilog' wrote, or its .bin file",
  });

/**
 * Writes a bitstream with the board's programmer and passes its output to `note`. Throws a SpikeletError with
 * the install command if the programmer is missing, or with exit code 3 if it fails, as it does without a
 * board.
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
