/** The proofs that `npm run bench -- NAME` runs, test/proofs/NAME.ts; what is not here is a model for the engines' bench. */
export const proofs = {
  hostile: 'damaged and hostile input for every reader [--seed N] [--count N] [--reader NAME] [--only N]',
  faults: 'processes killed, disks full, two writers on one output [--seed N] [--rounds N]',
  'line-faults': 'bad serial lines between the verbs and emulated boards [--seed N] [--rounds N]',
  pack: 'the packed package, installed and used on Node 20, 22 and 24',
  train: 'accuracy and time of training',
  sparse: 'training with the firing penalty',
  quantize: 'a reference net of PyTorch, quantized',
  nano: 'an E-SpikeFormer of 372,194 parameters',
  espikeformer: 'the 10M network, built',
  ram: 'RAM of plans',
  'firmware-asan': 'printed C under sanitizers',
  'code-size': 'code size on boards',
  instructions: 'instructions on emulated boards',
  firmware: 'firmware on emulated boards',
  'firmware-m': 'the 10M network on an emulated board',
  mlperf: "MLPerf Tiny's protocol on an emulated board",
  powercut: 'power cuts while flashing',
  link: 'requests over a bad line',
  profile: 'profiles of boards',
  scale: 'time per MAC over four sizes',
  threads: 'one image on several threads',
  load: 'time and memory of building and loading',
  fpga: 'designs synthesised, placed and simulated',
  'fpga-sim': 'designs in simulation',
  explore: 'errors of the estimates of FPGA designs',
  step: 'a training step',
};

export const usage = () =>
  [
    'usage: npm run bench -- NAME, one of',
    ...Object.entries(proofs).map(([name, what]) => `  ${name.padEnd(14)} ${what}`),
    'or the name of a model for the bench of engines: npm run bench -- --help',
  ].join('\n');
