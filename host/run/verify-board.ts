import { type Graph, tensorNames } from '../../models/index.js';
import { requireGraph } from '../device/board.js';
import { type BoardLink, note } from '../device/board-link.js';
import { comparison, type Verification, type VerifyOptions } from './verify.js';

/**
 * Runs images on a board and compares them with the interpreter. Throws a SpikeletError if the board computes
 * another graph, or is silent (exit code 3).
 */
export async function verifyFirmware(
  graph: Graph,
  board: BoardLink,
  images: Iterable<Int8Array>,
  options: VerifyOptions = {},
): Promise<Verification<'firmware'> & { board: string; stackBytes: number }> {
  requireGraph(board, graph);
  const check = comparison(graph, 'firmware', options);
  const names = tensorNames(graph);
  for (const pixels of images) {
    const { logits } = await board.infer(pixels, note.values);
    const notes = await board.notes();
    check.add(pixels, { logits, crcs: new Map(names.map((name, i) => [name, notes[i]!.crc])) });
  }
  return { ...check.result(), board: board.hello.board, stackBytes: await board.stackUsed() };
}
