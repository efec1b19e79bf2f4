import { exitCode } from '../../../models/error.js';
import type { Graph } from '../../../models/graph.js';
import { usages } from '../../data/index.js';
import { testPixels } from '../../data/pixels.js';
import {
  inSimulatorFolder,
  requireSimulator,
  type SimulatorName,
  simulatorNames,
  simulatorOf,
} from '../../eda/simulator.js';
import { percent } from '../../report/text.js';
import { moduleOf } from '../../run/open-model.js';
import {
  type Verification,
  type VerifyOptions,
  verifyGuarded,
  verifyVerilog,
  verifyWasm,
} from '../../run/verify.js';
import { emitBuild } from '../../wasm/build.js';
import { openGuarded } from '../../wasm/guard.js';
import { loadThreads, loadWasm, type WasmModel } from '../../wasm/load.js';
import { type BoardFlags, onBoard, portOptions } from '../board-options.js';
import { type CoreFlags, coreOptions, onFpga, requireBoard, sessionResult } from '../fpga-options.js';
import { dataFor } from '../images.js';
import type { Io } from '../io.js';
import { loadGraph } from '../load.js';
import { threadsOption, timeoutOption } from '../plan-options.js';
import { integer, oneOf, required, verb } from '../verb.js';

const targets = ['wasm', 'firmware', 'verilog'] as const;

type Options = BoardFlags &
  CoreFlags & {
    against?: (typeof targets)[number];
    data?: string;
    count: number;
    threads: number;
    timeout: number;
    stall: number;
  };

export const verify = verb<Options>({
  summary: 'compare a backend with the reference interpreter, tensor by tensor',
  configured: true,
  arguments: [['<graph>', 'a Graph, as quantize writes it']],
  options: [
    { flags: '--against <target>', description: targets.join(', '), parse: oneOf(targets) },
    {
      flags: '--data <spec>',
      description: usages(),
    },
    { flags: '--count <n>', description: 'test images', parse: integer(1, 10_000_000), default: 100 },
    {
      flags: '--build <path>',
      description: 'a folder that build wrote, or its model.wasm (default: built now)',
    },
    {
      flags: '--board <name>',
      description:
        "firmware, verilog: a board of 'spikelet boards' (verilog without it: the core alone, simulated)",
    },
    ...portOptions,
    threadsOption('that share an image; of a --build, in its model-threads.wasm'),
    timeoutOption,
    ...coreOptions,
    {
      flags: '--stall <percent>',
      description: 'clocks in which each side of the Verilog core, and each FIFO in it, waits',
      parse: integer(0, 90),
      default: 0,
    },
  ],
  async run([path], options, io) {
    const against = required(options.against, '--against');
    const spec = required(options.data, '--data');
    // What is missing is said before minutes of work.
    if (against === 'verilog') await (simulatesCore(options) ? requireSimulator() : requireBoard(options));
    const graph = await loadGraph(path!);
    const { data, samples } = await dataFor(path!, graph, { spec, count: options.count }, io);
    if (samples < options.count) io.note(`${data.name} has ${samples} test images, not ${options.count}`);
    const bar = io.progress('verifying');
    const given = {
      ...(data.unlabelled ? {} : { labels: data.test.labels }),
      onProgress: (done: number) => bar.update(done, samples),
    };
    const result = await compare[against](graph, testPixels(graph, data, samples), given, options, io);
    bar.done();
    const { firstDifference: difference, accuracy } = result;
    const where = 'board' in result ? ` on ${result.board}` : '';
    io.print(
      'simulated' in result
        ? `${result.equal} of ${result.samples} samples: logits${result.layersCounted ? " and every layer's spikes" : ''} equal${where}${result.simulated ? ', simulated' : ''}, configuration ${result.hash}`
        : `${result.equal} of ${result.samples} samples equal at every tensor${where}${'simulator' in result ? `, simulated by ${simulatorNames[result.simulator]}` : ''}`,
    );
    if (accuracy)
      io.print(
        `accuracy: graph ${percent(accuracy.graph, 2)}, ${against} ${percent((accuracy as Record<string, number>)[against]!, 2)}`,
      );

    if ('layers' in result) printLayers(result, io);
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

type Compare<R> = (
  graph: Graph,
  images: Iterable<Int8Array>,
  given: VerifyOptions,
  options: Options,
  io: Io,
) => Promise<R>;

/** Whether the core alone is verified, without a board's link. */
const simulatesCore = ({ board, port }: Options): boolean => board === undefined && port === undefined;

const inSimulation: Compare<Simulated> = (
  graph,
  images,
  given,
  { architecture, lanes, datapath, stall },
  { note },
) =>
  inSimulatorFolder('verilog', async (folder) => {
    const simulator = await requireSimulator();
    const simulate = await simulatorOf(graph, folder, { architecture, lanes, datapath, note });
    const overlap = architecture === 'streaming';
    const result = await verifyVerilog(graph, simulate, images, { ...given, stall: stall / 100, overlap });
    return { ...result, simulator };
  });

const onGates = (graph: Graph, images: Iterable<Int8Array>, given: VerifyOptions, options: Options, io: Io) =>
  onFpga(graph, options, io, async (session, { name }) => {
    const { verifyFpga } = await import('../../run/verify-fpga.js');
    const result = await verifyFpga(graph, session, images, given);
    return { ...result, board: name, ...sessionResult(session) };
  });

/** What runs the images, and what is told of them. */
const compare = {
  wasm: (graph, images, given, options) => inWasm(graph, options, images, given),
  firmware: (graph, images, given, options, io) =>
    onBoard(graph, options, io, {}, async (board) =>
      (await import('../../run/verify-board.js')).verifyFirmware(graph, board, images, given),
    ),
  verilog: (graph, images, given, options, io) =>
    simulatesCore(options)
      ? inSimulation(graph, images, given, options, io)
      : onGates(graph, images, given, options, io),
} satisfies Record<(typeof targets)[number], Compare<unknown>>;

type Simulated = Awaited<ReturnType<typeof verifyVerilog>> & { simulator: SimulatorName };

function printLayers({ layers, cycles, interval, stalls, fifos }: Simulated, io: Io): void {
  io.print(
    `${Math.round(cycles)} cycles from the first pixel to the last logit, ${stalls.toFixed(1)} stalled`,
  );
  if (fifos.length)
    io.print(
      `an image each ${Math.round(interval)} cycles; ${fifos.filter((clocks) => clocks > 0).length} of ${fifos.length} FIFOs stalled`,
    );
  io.table(
    [{ title: 'tensor' }, { title: 'cycles', right: true }, { title: 'spikes', right: true }],
    layers.map(({ tensor, cycles: each, spikes }) => [tensor, String(Math.round(each)), spikes.toFixed(1)]),
  );
}

/** Runs the build's module, in a thread that can be ended, or one that is built now; ends its threads afterwards. */
async function inWasm(
  graph: Graph,
  { build, threads, timeout }: Options,
  images: Iterable<Int8Array>,
  given: VerifyOptions,
): Promise<Verification> {
  if (build) {
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
