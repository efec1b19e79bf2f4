import { writeNet } from '../../../models/file.js';
import { countParams } from '../../../models/net.js';
import { importCheckpoint } from '../../api/import.js';
import { readLabels } from '../../data/labels.js';
import { quantity } from '../../report/text.js';
import { output } from '../../system/output.js';
import { forceOption, integer, integers, numbers, verb } from '../verb.js';

type Options = {
  out: string;
  heads?: number;
  levels?: number;
  input?: [number, number, number];
  mean?: number[];
  std?: number[];
  labels?: string;
  force?: boolean;
  ema?: boolean;
};

export const importVerb = verb<Options>({
  summary: 'turn a PyTorch checkpoint into a Net, without Python',
  configured: true,
  arguments: [['<checkpoint>', '.pth, .pt or .safetensors: a state_dict or a training checkpoint']],
  options: [
    { flags: '--out <file>', description: 'where the Net goes', default: 'net.safetensors' },
    { flags: '--heads <n>', description: 'attention heads, which no shape tells', parse: integer(1, 256) },
    {
      flags: '--levels <n>',
      description: "highest spike count D (default: the checkpoint's, else 4)",
      parse: integer(1, 15),
    },
    {
      flags: '--input <h,w,c>',
      description: 'rows, columns and channels of an image',
      parse: integers(3, 1, 65_536),
    },
    { flags: '--ema', description: 'take the average of the weights (EMA) that was saved beside them' },
    { flags: '--mean <list>', description: 'mean of each channel', parse: numbers },
    { flags: '--std <list>', description: 'deviation of each channel', parse: numbers },
    {
      flags: '--labels <file>',
      description: "class names, one line each (default: ImageNet's for 1,000 classes)",
    },
    forceOption,
  ],
  async run([path], { out, labels, input, force, ...told }, io) {
    const write = await output(out, { kind: 'net', inputs: [path, labels], force });
    const names = labels ? (await readLabels(labels)).map(({ name }) => name) : undefined;
    const { net, notes } = await importCheckpoint(path!, {
      ...told,
      ...(input ? { inputShape: input } : {}),
      ...(names ? { classes: names } : {}),
    });
    await write(writeNet(net));
    for (const note of notes) io.print(`- ${note}`);
    const parameters = countParams(net);
    io.print(
      `${out}: ${net.name}, ${quantity(parameters)} parameters, images of ${net.input.shape.join(' x ')}`,
    );
    return {
      result: { out, model: net.name, parameters, input: net.input, classes: net.classes.length, notes },
    };
  },
});
