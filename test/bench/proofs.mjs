/** What `npm run bench -- NAME` runs: test/proofs/NAME.ts, one line each. */
export const proofs = {
  train: 'accuracy and time of training',
  sparse: 'training with the firing penalty, after train',
  step: 'one training step',
  quantize: 'a reference net of PyTorch, quantized',
  nano: 'an E-SpikeFormer of 372,194 parameters, trained and quantized',
  espikeformer: 'the 10M network, quantized and built',
  ram: 'RAM and time of plans',
  scale: 'time per MAC over four sizes of E-SpikeFormer',
  threads: 'one image on several threads',
  load: 'time and memory of building and loading',
  firmware: 'nets on emulated boards, every layer compared',
  'firmware-m': 'the 10M network on an emulated board',
  'firmware-asan': 'printed C under sanitizers',
  'code-size': 'bytes of code on boards',
  instructions: 'instructions of an inference on emulated cores',
  'front-end': 'audio on emulated boards, from samples to logits',
  profile: 'what profiling costs on boards',
  link: 'requests over a bad serial line',
  mlperf: "MLPerf Tiny's protocol on an emulated board",
  powercut: 'power cuts while flashing',
  fpga: 'designs synthesised, placed and simulated',
  'fpga-sim': 'designs simulated, every tensor compared',
  explore: 'how far estimates of FPGA designs are off',
  hostile: 'damaged and hostile input for every reader [--seed N] [--count N] [--reader NAME] [--only N]',
  faults: 'processes killed, disks full, two writers on one output [--seed N] [--rounds N]',
  'line-faults': 'bad serial lines between the verbs and emulated boards [--seed N] [--rounds N]',
  house: 'how long files and functions of the sources are',
  pack: 'the packed package, installed and used on Node 20, 22 and 24',
};

/**
 * Of the bench with other engines (test/bench/src): names of the models that it knows, and what else it does.
 */
export const engineModels = ['espikeformer-m', 'espikeformer-nano', 'tiny', 'tiny-sparse', 'density'];

export const usage = () =>
  [
    'usage: npm run bench -- NAME',
    '',
    ...Object.entries(proofs).map(([name, what]) => `  ${name.padEnd(14)} ${what}`),
    `  ${'engines'.padEnd(14)} time next to other engines [MODEL...] [--threads N] [--bits N]; installs them, about 900 MB`,
    '',
    `MODEL: ${engineModels.join(', ')}, or the path of a Net with --data. A MODEL may also stand in the place of NAME.`,
  ].join('\n');

/**
 * What the words after `npm run bench --` ask for: the list, a proof with its own words, or the bench of engines, also
 * where its first word is one of its models; undefined: nothing that is known.
 */
export function chosen([name, ...rest]) {
  if (name === undefined || name === 'list' || name === '--help') return { kind: 'list' };
  if (Object.hasOwn(proofs, name)) return { kind: 'proof', name, args: rest };
  if (name === 'engines') return { kind: 'engines', args: rest };
  if (engineModels.includes(name) || /\.safetensors$/.test(name))
    return { kind: 'engines', args: [name, ...rest] };
  return undefined;
}
