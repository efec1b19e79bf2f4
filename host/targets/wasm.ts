import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { labelled } from '../../models/error.js';
import type { Graph } from '../../models/index.js';
import { describeWasm } from '../../wasm/describe.js';
import { type PlannedModel, planModel } from '../../wasm/plan-model.js';
import type { Tier } from '../../wasm/tiers.js';
import { inspectModule } from '../report/module.js';
import { bytes, type Part } from '../report/text.js';
import { isWasm, moduleOf, PATIENCE } from '../run/open-model.js';
import { type Verification, type VerifyOptions, verifyGuarded, verifyWasm } from '../run/verify.js';
import { readBytes } from '../system/files.js';
import { emitBuild, emitPlanned, type WasmBuild } from '../wasm/build.js';
import { openGuarded } from '../wasm/guard.js';
import { loadThreads, loadWasm, type WasmModel } from '../wasm/load.js';
import { budgetOf, type PlanFlags, planOptions, threadsOption, timeoutOption } from './options.js';
import type { Build, Hooks, Target, VerifyHooks } from './target.js';

export type WasmOptions = PlanFlags & {
  /** Most threads of a module that is added for several; default 1, which adds none. */
  threads?: number | undefined;
  /** Modules that are added for other engines. */
  also?: Extract<Tier, 'relaxed' | 'swar'>[] | undefined;
};

export type WasmVerifyOptions = {
  /** A folder that build wrote, or its model.wasm; default: built now. */
  build?: string | undefined;
  /** Threads that share an image. */
  threads?: number | undefined;
  /** Seconds that loading a given module, or an image in it, may take. */
  timeout?: number | undefined;
};

/** What is known of a build for WebAssembly, in bytes; `seconds` it took. */
export type WasmData = Omit<WasmBuild, 'files' | 'source' | 'functions'> &
  Pick<PlannedModel, 'weights'> & { steps: number; seconds: number };

/** One module with a loader for Node and browsers. */
export const wasm = {
  makes: 'one module with a loader for Node and browsers',
  boards: [],
  options: {
    build: [
      ...planOptions,
      threadsOption('adds model-threads.wasm, which splits one image among up to this many threads'),
      {
        flags: '--also <tiers>',
        description:
          'modules that the loader takes where it can: relaxed (an engine with relaxed SIMD that computes right), swar (one without vectors); relaxed,swar',
        value: { kind: 'words', of: ['relaxed', 'swar'] },
      },
    ],
    verify: [
      {
        flags: '--build <path>',
        description: 'a folder that build wrote, or its model.wasm (default: built now)',
        value: { kind: 'text' },
      },
      threadsOption('that share an image; of a --build, in its model-threads.wasm'),
      timeoutOption,
    ],
    profile: [],
  },
  require: {
    async verify({ build, threads }) {
      if (build === undefined) return;
      const file = await moduleOf(build, threads);
      const module = await readBytes(file);
      labelled(file, () => describeWasm(module));
    },
  },
  writes: 'model.wasm',
  build: buildWasm,
  verify: verifyModule,
  verdict: ({ equal, samples }) => `${equal} of ${samples} samples equal at every tensor`,
  async inspect(path) {
    const file = await moduleOf(path);
    if (file !== path && !existsSync(file)) return undefined;
    const module = await readBytes(file);
    return isWasm(module) ? labelled(path, () => inspectModule(module)) : undefined;
  },
} satisfies Target<WasmOptions, WasmVerifyOptions>;

async function buildWasm(graph: Graph, options: WasmOptions, { note }: Hooks): Promise<Build<WasmData>> {
  const started = performance.now();
  const { threads = 1, also = [] } = options;
  const budget = budgetOf(options);
  const planned = planModel(graph, budget);
  note?.(`planned: ${planned.ramBytes} B of RAM in ${planned.plan.steps.length} steps`);
  const {
    files,
    source: _,
    functions: __,
    ...sizes
  } = await emitPlanned(planned, { ...budget, threads, also });
  const data = {
    ...sizes,
    weights: planned.weights,
    steps: planned.plan.steps.length,
    seconds: (performance.now() - started) / 1000,
  };
  return {
    files,
    data,
    products: [],
    async make(folder, { report }) {
      for (const part of sizeReport(data)) report?.(part);
      for (const tier of also) {
        const file = files.find(({ path }) => path === `model-${tier}.wasm`);
        report?.(
          file ? `${file.path}: ${file.contents.length} B` : `no model-${tier}.wasm: no layer gains by it`,
        );
      }
      const { threads: shared } = data;
      if (shared)
        report?.(
          `model-threads.wasm: up to ${threads} threads, ${shared.ramBytes} B (${bytes(shared.ramBytes)}) of RAM, ${shared.bytes} B`,
        );
      report?.(files.map(({ path }) => join(folder, path)).join(', '));
      return {};
    },
  };
}

function sizeReport({ bytes: sizes, ramBytes, pages, weights, seconds }: WasmData): Part[] {
  const all = sizes.module + sizes.outside;
  const where =
    weights === 'inside'
      ? ' for tensors, besides the constants'
      : `, all of the memory; ${sizes.outside} B of constants in a separate file`;
  return [
    {
      columns: [{ title: 'model.wasm' }, { title: 'bytes', right: true }],
      rows: [
        ['weights', String(sizes.weights)],
        ['thresholds, scales, schedule', String(sizes.constants)],
        ['code and description', String(all - sizes.weights - sizes.constants)],
        ['all', String(all)],
      ],
    },
    '',
    `RAM: ${ramBytes} B (${bytes(ramBytes)})${where}; ${pages} ${pages === 1 ? 'page' : 'pages'} of WebAssembly; built in ${seconds.toFixed(1)} s`,
  ];
}

/**
 * Runs the build's module, in a thread that can be ended, or one that is built now; ends its threads
 * afterwards.
 */
async function verifyModule(
  graph: Graph,
  images: Iterable<Int8Array>,
  { build, threads = 1, timeout = PATIENCE }: WasmVerifyOptions,
  hooks: VerifyHooks,
): Promise<Verification> {
  const given: VerifyOptions = hooks;
  if (build !== undefined) {
    const guarded = await openGuarded({ path: await moduleOf(build, threads), threads }, timeout);
    return verifyGuarded(graph, guarded, images, given).finally(guarded.close);
  }
  const model = await freshModel(graph, threads);
  try {
    return verifyWasm(graph, model, images, given);
  } finally {
    await model.close?.();
  }
}

type Closable = WasmModel & { close?(): Promise<void> };

async function freshModel(graph: Graph, threads: number): Promise<Closable> {
  const { files } = await emitBuild(graph, { threads });
  const moduleIn = (name: string) =>
    files.find(({ path }) => path === name)!.contents as Uint8Array<ArrayBuffer>;
  return threads > 1
    ? loadThreads(moduleIn('model-threads.wasm'), threads)
    : loadWasm(moduleIn('model.wasm'));
}
