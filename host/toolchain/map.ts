import { inLibrary } from '../../firmware-gen/library.js';
import { OBJECTS } from '../../firmware-gen/makefile.js';
import { SpikeletError } from '../../models/index.js';
import { readBytes } from '../system/files.js';

/** A section of an object file as the linker placed it. */
export type Piece = { section: string; address: number; bytes: number; object: string };

const line = /^ (\.[\w.$-]+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*\.(?:o|a\(.*\)))$/;

/**
 * The linked sections of a GNU linker's map, without discarded ones. With -fdata-sections each C object is a
 * piece, `.rodata.name`. Throws a SpikeletError if the text is not a map.
 */
export function readMap(text: string): Piece[] {
  const start = text.indexOf('Linker script and memory map');
  if (start < 0) throw new SpikeletError('this is not a linker map', { hint: "'make' writes firmware.map" });
  const pieces: Piece[] = [];
  // A long section name is on a separate line.
  let name: string | undefined;
  for (const text_ of text.slice(start).split('\n')) {
    const alone = /^ (\.[\w.$-]+)$/.exec(text_);
    if (alone) {
      name = alone[1];
      continue;
    }
    const [, section = name, address, bytes, object] = line.exec(text_) ?? [];
    name = undefined;
    if (!section || !object || Number.parseInt(bytes!, 16) === 0) continue;
    pieces.push({
      section,
      address: Number.parseInt(address!, 16),
      bytes: Number.parseInt(bytes!, 16),
      object,
    });
  }
  return pieces;
}

/** Excludes debug sections, which are not loaded. */
const isLoaded = ({ section }: Piece): boolean => /^\.(text|rodata|data|bss|vectors|boot)/.test(section);

/** Bytes of code (with the compiler's tables), constants and variables. */
export type Share = { code: number; constants: number; ram: number };

/** What was linked: the model's library (its RAM is the arena), and everything else. */
export type Linked = { model: Share; shell: Share };

/** Files of the model's library that hold only data. */
const data = /\/(classes|constants|weights)\.o$/;

export async function linkedBytes(map: string, prefix?: string): Promise<Linked> {
  const pieces = readMap(new TextDecoder().decode(await readBytes(map))).filter(isLoaded);
  // The library's few variables outside the arena count as the shell's, which has room reserved.
  const isVariable = ({ section }: Piece) => /^\.(data|bss)/.test(section) && !section.endsWith('_arena');
  const isModel = (piece: Piece) =>
    !isVariable(piece) && piece.object.startsWith(`${OBJECTS}/${inLibrary('', prefix)}`);
  return {
    model: shareOf(pieces.filter(isModel), ({ object }) => data.test(object)),
    shell: shareOf(pieces.filter((piece) => !isModel(piece))),
  };
}

function shareOf(pieces: Piece[], isData: (piece: Piece) => boolean = () => true): Share {
  const share: Share = { code: 0, constants: 0, ram: 0 };
  for (const piece of pieces) {
    const constant = piece.section.startsWith('.rodata') && isData(piece);
    share[/^\.(data|bss)/.test(piece.section) ? 'ram' : constant ? 'constants' : 'code'] += piece.bytes;
  }
  return share;
}
