import { join } from 'node:path';
import { usages } from '../../data/index.js';
import { testPixels } from '../../data/pixels.js';
import { profileReport } from '../../report/profile.js';
import { isFolder } from '../../system/files.js';
import { GRAPH_FILE } from '../../toolchain/build.js';
import { type BoardFlags, onBoard, portOptions } from '../board-options.js';
import { anyBoardOf } from '../boards.js';
import { type CoreFlags, coreOptions, onFpga, requireBoard } from '../fpga-options.js';
import { dataFor } from '../images.js';
import { loadGraph } from '../load.js';
import { integer, required, usageError, verb } from '../verb.js';

type Options = Omit<BoardFlags, 'build'> & CoreFlags & { data?: string; count: number };

export const profile = verb<Options>({
  summary: 'what an inference costs on a board, layer by layer',
  configured: true,
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
    const fpga = options.board !== undefined && anyBoardOf(options.board).fpga !== undefined;
    if (fpga && folder) throw usageError(`${options.board} runs no firmware`, 'give the Graph');
    if (fpga) requireBoard(options);
    const graph = await loadGraph(folder ? join(path!, GRAPH_FILE) : path!);
    const { data, samples } = await dataFor(path!, graph, { spec, count: options.count }, io);
    if (!samples) throw usageError(`${data.name} has no test images`, 'give other --data');
    const images = testPixels(graph, data, samples);
    const bar = io.progress('profiling');
    const flags = { ...options, ...(folder ? { build: path! } : {}) };
    const onProgress = (done: number) => bar.update(done, samples);
    const onMicrocontroller = () =>
      onBoard(graph, flags, io, { counting: true }, async (link, board) => {
        const { deviceName, profileBoard } = await import('../../run/profile-board.js');
        const device = deviceName(board, link, options.port === undefined);
        return profileBoard(graph, link, images, { device, onProgress });
      });
    const onGates = () =>
      onFpga(graph, options, io, async (session, { name, clockHz }) => {
        const { profileFpga } = await import('../../run/profile-fpga.js');
        const device = `${name}${session.simulated ? ' (simulated by CXXRTL)' : ''} at ${clockHz / 1e6} MHz`;
        return profileFpga(graph, session, images, { device, clockHz, lanes: options.lanes, onProgress });
      });
    const result = await (fpga ? onGates() : onMicrocontroller()).finally(bar.done);
    const { title, columns, rows, after } = profileReport(result);
    io.print(title);
    io.table(columns, rows);
    io.print();
    for (const line of after) io.print(line);
    return { result };
  },
});
