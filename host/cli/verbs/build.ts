import { buildTo, requireBuild } from '../../api/build.js';
import { loadGraph } from '../../api/load.js';
import { type TargetName, targetNames, targetOf } from '../../targets/index.js';
import { reporter } from '../io.js';
import { targetFlags, targetOptions } from '../target-options.js';
import { forceOption, oneOf, required, verb } from '../verb.js';

type Options = { target?: TargetName; out: string; force?: boolean };

export const build = verb<Options>({
  summary: 'compile a Graph for a target',
  configured: true,
  arguments: [['<graph>', 'a Graph, as quantize writes it']],
  options: [
    {
      flags: '--target <name>',
      description: targetNames.map((name) => `${name}: ${targetOf(name).makes}`).join('; '),
      parse: oneOf(targetNames),
    },
    ...targetOptions('build', ({ target }) => target as string | undefined),
    { flags: '--out <folder>', description: 'where the files go', default: 'build' },
    forceOption,
  ],
  async run([path], options, io) {
    const target = required(options.target, '--target');
    const flags = targetFlags('build', options);
    // Reports missing tools and wrong flags before reading anything.
    await requireBuild(target, flags);
    const graph = await loadGraph(path!);
    const { out, force } = options;
    const hooks = { note: io.note, report: reporter(io), force };
    return { result: await buildTo(out, graph, target, flags, hooks) };
  },
});
