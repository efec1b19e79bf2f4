import type { Board } from '../../firmware-gen/boards/index.js';
import type { Placed } from '../../firmware-gen/plan-board.js';
import { type Target, withBoard } from '../../host/device/board.js';
import type { BoardOptions } from '../../host/device/board-link.js';
import { verifyFirmware } from '../../host/run/verify-board.js';
import { compileFirmware } from '../../host/toolchain/compile.js';
import type { Built } from '../../host/toolchain/make.js';
import type { Graph, OutputFile } from '../../models/index.js';
import { temporaryFolder } from './firmware-project.js';

/** The product's own firmware of a placed model, compiled in a folder that is gone when the tests end. */
export async function compileProduct(
  board: Board,
  placed: Placed,
  options: { model?: OutputFile[]; defines?: string[] } = {},
): Promise<Built & { folder: string }> {
  const folder = await temporaryFolder();
  const { built } = await compileFirmware(board, placed, folder, options);
  return { ...built!, folder };
}

/** What a board computed: images equal at every layer, the first difference, the stack it took. */
export type DeviceRun = { equal: number; difference?: string; stackBytes: number; seconds: number };

/**
 * Sends images to an emulated board, or to the one at a port, and compares every layer with the interpreter.
 */
export function runOn(
  target: Omit<Target, 'note'>,
  graph: Graph,
  images: Int8Array[],
  options: BoardOptions = {},
): Promise<DeviceRun> {
  const patient = { inferMs: 600_000, helloMs: 30_000, ...options };
  return withBoard({ ...target, note: () => undefined }, patient, async (board) => {
    const started = performance.now();
    const { equal, firstDifference, stackBytes } = await verifyFirmware(graph, board, images);
    const difference = firstDifference && `image ${firstDifference.sample}, ${firstDifference.tensor}`;
    return {
      equal,
      ...(difference ? { difference } : {}),
      stackBytes,
      seconds: (performance.now() - started) / 1000,
    };
  });
}
