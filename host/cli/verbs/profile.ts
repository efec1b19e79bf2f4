import { join } from 'node:path';
import { datasetFor } from '../../api/images.js';
import { loadGraph } from '../../api/load.js';
import { profile as profileGraph, profilerFor, requireProfile } from '../../api/profile.js';
import { usages } from '../../data/index.js';
import { profileReport } from '../../report/profile.js';
import { isFolder } from '../../system/files.js';
import { targetOfBoard, targetsWith } from '../../targets/index.js';
import { GRAPH_FILE } from '../../toolchain/build.js';
import { targetFlags, targetOptions } from '../target-options.js';
import { integer, required, usageError, verb } from '../verb.js';

type Options = { board?: string; build?: string; data?: string; count: number };

export const profile = verb<Options>({
  summary: 'what an inference costs on a board, layer by layer',
  configured: true,
  arguments: [['<model>', "a Graph, or a folder that 'build --target firmware' wrote"]],
  options: [
    ...targetOptions('profile', ({ board }) =>
      typeof board === 'string' ? targetOfBoard(board) : undefined,
    ),
    { flags: '--data <spec>', description: usages() },
    { flags: '--count <n>', description: 'test images', parse: integer(1, 1_000_000), default: 10 },
  ],
  async run([path], options, io) {
    const spec = required(options.data, '--data');
    const { board, count } = options;
    const folder = await isFolder(path!);
    const runsBuilds = targetsWith('profile', 'build').includes(profilerFor(board));
    if (folder && !runsBuilds) throw usageError(`${board} runs no firmware`, 'give the Graph');
    const flags = { ...targetFlags('profile', options), ...(folder ? { build: path! } : {}) };
    await requireProfile(flags);
    const graph = await loadGraph(folder ? join(path!, GRAPH_FILE) : path!);
    const { data, samples } = await datasetFor(path!, graph, { spec, count }, io.note);
    if (!samples) throw usageError(`${data.name} has no test images`, 'give other --data');
    const bar = io.progress('profiling');
    const result = await profileGraph(
      graph,
      data,
      { count, ...flags },
      {
        note: io.note,
        onProgress: (done) => bar.update(done, samples),
      },
    ).finally(bar.done);
    const { title, columns, rows, after } = profileReport(result);
    io.print(title);
    io.table(columns, rows);
    io.print();
    for (const line of after) io.print(line);
    return { result };
  },
});
