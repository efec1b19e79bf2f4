import type { Board } from '../../firmware-gen/boards/index.js';
import type { Placed } from '../../firmware-gen/plan-board.js';
import { firmwareProject } from '../../firmware-gen/project.js';
import { toolchainOf } from '../../firmware-gen/toolchain.js';
import { type OutputFile, writeGraph } from '../../models/index.js';
import { version } from '../system/version.js';
import { readShell } from './shell.js';

/** Sources of the shell that make the program which a board runs. */
export const program = [
  ...['main.c', 'requests.c', 'link.c', 'inference.c', 'crc32.c'],
  ...['mlperf.c', 'softmax.c', 'lap.c', 'text.c', 'trap.c'],
];

/** What it is compiled with: the notes that it takes of layers. */
const traced = ['SPIKELET_TRACE'];

/** With every access of the model bounded too: shell/trap.c says what becomes of a bad one. */
export const checkedDefines = [...traced, 'SPIKELET_CHECKED'];

/** The graph that a project computes, in its folder. */
export const GRAPH_FILE = 'graph.safetensors';

/** `defines`: for the compiler, default those of every program; `prefix`: of the library's names, `spikelet` by default. */
export type FirmwareOptions = { defines?: string[]; prefix?: string };

/** The whole project of a placed model for a board; `model`: its C, as printModel(planned, prefix) of model.ts prints it. */
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
  // A library alone is for programs that know no graphs.
  return toolchainOf(board)
    ? [...project, { path: GRAPH_FILE, contents: writeGraph(planned.graph) }]
    : project;
}
