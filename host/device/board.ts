import { join } from 'node:path';
import type { Board } from '../../firmware-gen/boards/index.js';
import {
  crc32,
  exitCode,
  type Graph,
  hex32,
  product,
  SpikeletError,
  writeGraph,
} from '../../models/index.js';
import { type BoardLink, type BoardOptions, connectBoard } from './board-link.js';
import { emulate } from './emulate.js';
import { fileOf, programAt, weightsOf } from './flash/program.js';
import { guessPort } from './guess-port.js';
import { openPort } from './port.js';

/** Which board: one at a port, or an emulated one that runs the program in a folder. */
export type Target = {
  board?: Board | undefined;
  port?: string | undefined;
  baud?: number | undefined;
  /** A project's folder after make, for the emulator. */
  folder?: string | undefined;
  /** For emulators: virtual time counts instructions, so that ticks are meaningful; slower. */
  counting?: boolean;
  /** Called with a progress line. */
  note(line: string): void;
};

/** On a busy machine an emulator may take long to start and to notice that its port was opened. */
const EMULATED_HELLO_MS = 30_000;

/**
 * Twice the bits of the largest request and its answer, so that a request still in transit is not sent again.
 */
const LINE_BITS = 16_000;

/** For a port without a named board. */
const USUAL_BAUD = 115200;

/**
 * Connects to a board, first starting its emulator if it has one and no port is given, and stops everything
 * afterwards. Throws a SpikeletError, with exit code 3 if the board is missing or silent.
 */
export async function withBoard<T>(
  target: Target,
  options: BoardOptions,
  use: (link: BoardLink) => Promise<T>,
): Promise<T> {
  const { board, note, counting = false } = target;
  const emulation =
    target.port === undefined && board?.emulator && target.folder !== undefined
      ? await emulate(board, { program: await programIn(board, target.folder), counting })
      : undefined;
  try {
    const path = target.port ?? emulation?.port ?? (await guessPort(note));
    const baud = target.baud ?? board?.serial.baud ?? USUAL_BAUD;
    const port = await openPort(path, { baud });
    try {
      const link = await connectBoard(port, {
        ms: 1000 + LINE_BITS / (baud / 1000),
        ...(emulation ? { helloMs: EMULATED_HELLO_MS } : {}),
        ...options,
      });
      if (board && link.hello.board !== board.name)
        throw new SpikeletError(`the board at ${path} is ${link.hello.board}, not ${board.name}`, {
          hint: `use --board ${link.hello.board}, or another --port`,
          code: exitCode.usage,
        });
      return await use(link);
    } finally {
      await port.close();
    }
  } finally {
    await emulation?.stop();
  }
}

/** The files that an emulator takes from a project's folder. */
async function programIn(board: Board, folder: string) {
  const program = await programAt(folder);
  const elf = await fileOf(program, 'firmware.elf');
  return { elf, bin: join(folder, 'firmware.bin'), files: await weightsOf(board, program) };
}

/** Throws if the board computes another graph. */
export function requireGraph({ hello }: BoardLink, graph: Graph): void {
  const crc = crc32(writeGraph(graph));
  const sizes =
    hello.layers === graph.nodes.length &&
    hello.classes === graph.classes.length &&
    hello.inputBytes === product(graph.tensors['input']!.shape);
  if (hello.graphCrc === crc && sizes) return;
  throw new SpikeletError(
    `the firmware on ${hello.board} computes '${hello.model}' (graph ${hex32(hello.graphCrc)}), not '${graph.name}' (${hex32(crc)})`,
    {
      hint: `build this graph with 'spikelet build --target firmware --board ${hello.board}', then 'spikelet flash'`,
    },
  );
}
