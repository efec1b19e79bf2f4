import type { Board } from '../../firmware-gen/boards/index.js';
import type { Placed } from '../../firmware-gen/plan-board.js';
import { firmwareProject } from '../../firmware-gen/project.js';
import { toolchainOf } from '../../firmware-gen/toolchain.js';
import { type OutputFile, writeGraph } from '../../models/index.js';
import { version } from '../system/version.js';
import { readShell } from './shell.js';

/** Sources of the shell that a board's program consists of. */
export const program = [
  ...['main.c', 'requests.c', 'link.c', 'inference.c', 'crc32.c'],
  ...['mlperf.c', 'softmax.c', 'lap.c', 'text.c', 'trap.c'],
];

/** Compiled in by default: recording notes about layers. */
const traced = ['SPIKELET_TRACE'];

/** Also with bounds checks on every access of the model; shell/trap.c handles a failed one. */
export const checkedDefines = [...traced, 'SPIKELET_CHECKED'];

/** The graph that a project computes, in the project's folder. */
export const GRAPH_FILE = 'graph.safetensors';

/**
 * `defines`: for the compiler, by default those of every program; `prefix`: for the library's names, default
 * `spikelet`.
 */
export type FirmwareOptions = { defines?: string[]; prefix?: string };

/**
 * The whole project of a placed model for a board; `model`: its C, from printModel(planned, prefix) in
 * model.ts.
 */
export async function emitFirmware(
  board: Board,
  { fit, planned }: Placed,
  model: OutputFile[],
  { defines = traced, prefix }: FirmwareOptions = {},
): Promise<OutputFile[]> {
  const project = firmwareProject(board, {
    shell: await readShell(),
    sources: program,
    defines,
    model,
    ...(prefix ? { prefix } : {}),
    name: planned.graph.name,
    version,
    place: { weights: fit.weightsIn },
  });
  // A library alone is for programs that do not use graph files.
  return toolchainOf(board)
    ? [...project, { path: GRAPH_FILE, contents: writeGraph(planned.graph) }]
    : project;
}
