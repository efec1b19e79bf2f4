import { join } from 'node:path';
import { planModel } from '../../../wasm/plan-model.js';
import { requireWritable, writeFiles } from '../../files.js';
import { exclusively } from '../../lock.js';
import { bytes } from '../../report/text.js';
import { emitPlanned } from '../../wasm/build.js';
import { buildFirmware } from '../firmware.js';
import { type CoreFlags, coreOptions } from '../fpga-options.js';
import type { Io } from '../io.js';
import { loadGraph } from '../load.js';
import { modelOptions, type PlanFlags, planOptions, threadsOption } from '../plan-options.js';
import { forceOption, integer, oneOf, required, someOf, usageError, verb } from '../verb.js';
import { buildVerilog } from '../verilog.js';

const targets = ['wasm', 'firmware', 'verilog'] as const;
type Target = (typeof targets)[number];

type Options = PlanFlags &
  CoreFlags & {
    target?: Target;
    board?: string;
    checked?: boolean;
    prefix?: string;
    seed?: number;
    seeds?: number;
    out: string;
    threads: number;
    also: ('relaxed' | 'swar')[];
    force?: boolean;
  };

export const build = verb<Options>({
  summary: 'compile a Graph for a target',
  configured: true,
  arguments: [['<graph>', 'a Graph, as quantize writes it']],
  options: [
    {
      flags: '--target <name>',
      description:
        'wasm: one module with a loader for Node and browsers; firmware: a project in C for a board; verilog: a project for an FPGA',
      parse: oneOf(targets),
    },
    { flags: '--board <name>', description: "the board: 'spikelet boards' lists them" },
    {
      flags: '--checked',
      description:
        'firmware: bounds every access to memory; a bad one stops the program, which names the layer',
    },
    {
      flags: '--prefix <name>',
      description:
        'firmware: first word of every function, macro and file of the model, so that two models link into one program (default: spikelet)',
    },
    ...coreOptions,
    {
      flags: '--seed <n>',
      description:
        "verilog: places with this seed alone (default: 1, then 2 and 3 while the board's clock is missed)",
      parse: integer(0, 1_000_000_000),
    },
    {
      flags: '--seeds <n>',
      description:
        'verilog: places with n seeds, from --seed or 1 on, takes the fastest and prints the range of the highest clock',
      parse: integer(1, 100),
    },
    { flags: '--out <folder>', description: 'where the files go', default: 'build' },
    ...planOptions,
    threadsOption('wasm: adds model-threads.wasm, in which so many can share one image'),
    {
      flags: '--also <tiers>',
      description:
        'wasm: modules that the loader takes where it can: relaxed (an engine with relaxed SIMD that computes right), swar (one without vectors); relaxed,swar',
      parse: someOf(['relaxed', 'swar'] as const),
      default: [],
    },
    forceOption,
  ],
  async run([path], options, io) {
    const target = required(options.target, '--target');
    if (target !== 'wasm' && options.threads > 1)
      throw usageError('--threads is for wasm', `${target} has no threads`);
    if (target !== 'wasm' && options.also.length)
      throw usageError('--also is for wasm', `${target} has kernels of one tier`);
    if (target !== 'firmware' && options.checked)
      throw usageError('--checked is for firmware', `${target} has no accesses to bound`);
    if (target !== 'firmware' && options.prefix !== undefined)
      throw usageError('--prefix is for firmware', `${target} defines no names of C`);
    for (const name of ['seed', 'seeds'] as const)
      if (target !== 'verilog' && options[name] !== undefined)
        throw usageError(`--${name} is for verilog`, `${target} is not placed`);
    return { result: await exclusively(options.out, () => builders[target](path!, options, io)) };
  },
});

async function buildWasm(path: string, options: Options, io: Io) {
  const graph = await loadGraph(path);
  await requireWritable(join(options.out, 'model.wasm'));
  const started = performance.now();
  const { threads, also } = options;
  const planned = planModel(graph, modelOptions(options));
  const { weights } = planned;
  io.note(`planned: ${planned.ramBytes} B of RAM in ${planned.plan.steps.length} steps`);
  const {
    files,
    bytes: sizes,
    arenaBytes,
    ramBytes,
    pages,
    threads: shared,
  } = await emitPlanned(planned, { ...modelOptions(options), threads, also });
  const seconds = (performance.now() - started) / 1000;
  await writeFiles(options.out, files, options.force ? { force: true } : {});
  io.table(
    [{ title: 'model.wasm' }, { title: 'bytes', right: true }],
    [
      ['weights', String(sizes.weights)],
      ['thresholds, scales, schedule', String(sizes.constants)],
      ['code and description', String(sizes.module + sizes.outside - sizes.weights - sizes.constants)],
      ['all', String(sizes.module + sizes.outside)],
    ],
  );
  io.print();
  io.print(
    `RAM: ${ramBytes} B (${bytes(ramBytes)})${
      weights === 'inside'
        ? ' for tensors, beside the constants'
        : `, all of the memory; ${sizes.outside} B of constants in a file of their own`
    }; ${pages} ${pages === 1 ? 'page' : 'pages'} of WebAssembly; built in ${seconds.toFixed(1)} s`,
  );
  for (const tier of also) {
    const file = files.find(({ path }) => path === `model-${tier}.wasm`);
    io.print(
      file ? `${file.path}: ${file.contents.length} B` : `no model-${tier}.wasm: no layer gains by it`,
    );
  }
  if (shared)
    io.print(
      `model-threads.wasm: up to ${threads} threads, ${shared.ramBytes} B (${bytes(shared.ramBytes)}) of RAM, ${shared.bytes} B`,
    );
  io.print(`${files.map(({ path: file }) => join(options.out, file)).join(', ')}`);
  return {
    target: 'wasm',
    out: options.out,
    files: files.map((file) => file.path),
    bytes: sizes,
    arenaBytes,
    ramBytes,
    pages,
    weights,
    ...(shared ? { threads: shared } : {}),
    steps: planned.plan.steps.length,
    seconds,
  };
}

const builders: Record<Target, (path: string, options: Options, io: Io) => Promise<unknown>> = {
  wasm: buildWasm,
  firmware: buildFirmware,
  verilog: buildVerilog,
};
