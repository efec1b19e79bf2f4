import { join } from 'node:path';
import { rawImage } from '../../../models/dataset.js';
import { pixelTable, rawToPixels } from '../../../models/interpret.js';
import { loadDataset, usages } from '../../data/index.js';
import { isFolder } from '../../files.js';
import { GRAPH_FILE } from '../../firmware/build.js';
import { profileLines } from '../../report/profile.js';
import { type BoardFlags, onBoard, portOptions } from '../board-options.js';
import { anyBoardOf } from '../boards.js';
import { requireFits } from '../fits.js';
import { type CoreFlags, coreOptions, onFpga } from '../fpga-options.js';
import { loadGraph } from '../load.js';
import { integer, required, usageError, verb } from '../verb.js';

type Options = Omit<BoardFlags, 'build'> & CoreFlags & { data?: string; count: number };

export const profile = verb<Options>({
  summary: 'what an inference costs on a board, layer by layer',
  arguments: [['<model>', "a Graph, or a folder that 'build --target firmware' wrote"]],
  options: [
    { flags: '--board <name>', description: "a board of 'spikelet boards'" },
    ...portOptions,
    ...coreOptions,
    { flags: '--data <spec>', description: usages() },
    { flags: '--count <n>', description: 'test images', parse: integer(1, 1_000_000), default: 10 },
  ],
  async run([path], options, io) {
    const spec = required(options.data, '--data');
    const folder = await isFolder(path!);
    const graph = await loadGraph(folder ? join(path!, GRAPH_FILE) : path!);
    const { shape } = graph.tensors['input']!;
    const input = { shape, classes: graph.classes, ...graph.input };
    const data = await loadDataset(spec, { log: io.note, input, limit: options.count });
    requireFits(path!, { shape, classes: graph.classes }, data);
    const samples = Math.min(options.count, data.test.count);
    if (!samples) throw usageError(`${data.name} has no test images`, 'give other --data');
    const table = pixelTable(graph);
    const images = function* () {
      for (let i = 0; i < samples; i++) yield rawToPixels(table, rawImage(data.test, data.shape, i));
    };
    const bar = io.progress('profiling');
    const flags = { ...options, ...(folder ? { build: path! } : {}) };
    const onProgress = (done: number) => bar.update(done, samples);
    const onMicrocontroller = () =>
      onBoard(graph, flags, io, { counting: true }, async (link, board) => {
        const { deviceName, profileBoard } = await import('../../device/profile-board.js');
        const device = deviceName(board, link, options.port === undefined);
        return profileBoard(graph, link, images(), { device, onProgress });
      });
    const onGates = () =>
      onFpga(graph, options, io, async (session, { name, clockHz }) => {
        const { profileFpga } = await import('../../device/fpga-profile.js');
        const device = `${name}${session.simulated ? ' (simulated by CXXRTL)' : ''} at ${clockHz / 1e6} MHz`;
        return profileFpga(graph, session, images(), { device, clockHz, lanes: options.lanes, onProgress });
      });
    const fpga = options.board !== undefined && anyBoardOf(options.board).fpga !== undefined;
    if (fpga && folder) throw usageError(`${options.board} runs no firmware`, 'give the Graph');
    const result = await (fpga ? onGates() : onMicrocontroller()).finally(bar.done);
    for (const line of profileLines(result)) io.print(line);
    return { result };
  },
});
