import { exitCode } from '../../../models/error.js';
import { datasetFor } from '../../api/images.js';
import { loadGraph } from '../../api/load.js';
import { requireVerify, verify as verifyGraph } from '../../api/verify.js';
import { usages } from '../../data/index.js';
import { percent } from '../../report/text.js';
import { type TargetName, targetNames, targetOf } from '../../targets/index.js';
import type { Verified } from '../../targets/target.js';
import { reporter } from '../io.js';
import { targetFlags, targetOptions } from '../target-options.js';
import { integer, oneOf, required, verb } from '../verb.js';

type Options = { against?: TargetName; data?: string; count: number };

export const verify = verb<Options>({
  summary: 'compare a backend with the reference interpreter, tensor by tensor',
  configured: true,
  arguments: [['<graph>', 'a Graph, as quantize writes it']],
  options: [
    { flags: '--against <target>', description: targetNames.join(', '), parse: oneOf(targetNames) },
    { flags: '--data <spec>', description: usages() },
    { flags: '--count <n>', description: 'test images', parse: integer(1, 10_000_000), default: 100 },
    ...targetOptions('verify', ({ against }) => against as string | undefined),
  ],
  async run([path], options, io) {
    const against = required(options.against, '--against');
    const spec = required(options.data, '--data');
    const { count } = options;
    const flags = targetFlags('verify', options);
    // Reports missing tools before minutes of work.
    await requireVerify(against, flags);
    const graph = await loadGraph(path!);
    const { data, samples } = await datasetFor(path!, graph, { spec, count }, io.note);
    if (samples < count) io.note(`${data.name} has ${samples} test images, not ${count}`);
    const bar = io.progress('verifying');
    const result: Verified = await verifyGraph(
      graph,
      against,
      data,
      { count, ...flags },
      {
        note: io.note,
        onProgress: (done) => bar.update(done, samples),
      },
    );
    bar.done();
    const { firstDifference: difference, accuracy } = result;
    const { verdict, details } = targetOf(against);
    io.print(verdict(result));
    if (accuracy)
      io.print(
        `accuracy: graph ${percent(accuracy['graph']!, 2)}, ${against} ${percent(accuracy[against]!, 2)}`,
      );
    for (const part of details?.(result) ?? []) reporter(io)(part);
    if (difference)
      io.print(
        `first difference: sample ${difference.sample}, tensor '${difference.tensor}': ` +
          `${/^\d+ spikes$/.test(difference.expected) ? '' : 'CRC-32 '}${difference.expected} expected, ${difference.actual} found`,
      );
    return {
      result: { against, ...(data.source ? { source: data.source } : {}), ...result },
      ...(difference ? { code: exitCode.differs } : {}),
    };
  },
});
