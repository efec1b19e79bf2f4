import { Worker } from 'node:worker_threads';
import { plainChoices, SpikeletError } from '../../models/index.js';
import { describeWasm } from '../../wasm/describe.js';
import { below, pick, type Random, randomGraph, seeded } from '../support/random-graph.js';
import { linker } from '../support/wasm-models.js';
import { damaged, hostileJson } from './mutate.js';
import { MOST_MS, type Reader } from './reader.js';
import {
  afterLocals,
  bodiesOf,
  codeOf,
  custom,
  customOf,
  leb,
  moduleOf,
  type Section,
  sectionsOf,
} from './wasm-bytes.js';

/**
 * Built modules: their descriptions, sections and code damaged, loaded and run in a thread that is ended when
 * it loops.
 */
/** Of CPU, for code that may loop: each that does costs as much, and a thread. */
const LIMIT_MS = 150;
const MOST_WALL_MS = 30_000;
const COUNTS = [0, 1, 2, 100, 65535, 65536, 2 ** 31, 2 ** 32 - 1];

type Ran = { logits: number[]; escaped?: string } | { refused: string } | { failed: string };

/** Modules in threads: one after another in the same thread, until one takes longer than `limitMs`. */
function thread(how: 'loadWasm' | 'model.mjs', limitMs: number) {
  let worker: Worker | undefined;
  const started = async () => {
    const made = new Worker(new URL('./module-thread.js', import.meta.url), { workerData: how });
    await new Promise((resolve, reject) => made.once('message', resolve).once('error', reject));
    return made;
  };
  return {
    async run(bytes: Uint8Array): Promise<Ran | 'stopped'> {
      worker ??= await started();
      const mine = worker;
      return new Promise((resolve) => {
        const end = (ran: Ran | 'stopped') => {
          clearInterval(timer);
          // Not all listeners: those that Node has on a worker start and stop its port.
          mine.off('message', end).off('error', fail);
          if (ran !== 'stopped') return resolve(ran);
          worker = undefined;
          void mine.terminate().then(() => resolve('stopped'));
        };
        // Of CPU, so that a busy machine ends no module that would have ended by itself.
        const [began, used] = [Date.now(), process.cpuUsage()];
        const timer = setInterval(() => {
          const { user, system } = process.cpuUsage(used);
          if ((user + system) / 1000 > limitMs || Date.now() - began > MOST_WALL_MS) end('stopped');
        }, 20);
        mine.on('message', end);
        const fail = (error: Error) => {
          worker = undefined;
          end({ failed: `the thread ended: ${error.message}` });
        };
        mine.on('error', fail);
        mine.postMessage(bytes);
      });
    },
    close: () => worker?.terminate(),
  };
}

/** Compiled once in a process: that takes seconds. */
let compiled: Promise<Uint8Array<ArrayBuffer>[]> | undefined;
function someModules(): Promise<Uint8Array<ArrayBuffer>[]> {
  compiled ??= compileModules();
  return compiled;
}

async function compileModules(): Promise<Uint8Array<ArrayBuffer>[]> {
  const graphs = [1, 2].map((seed) => randomGraph(seeded(seed), 3));
  return Promise.all(
    graphs.map(async (graph, i) => {
      const link = await linker(graph, i ? 'simd' : 'swar', plainChoices);
      return (await link()).bytes;
    }),
  );
}

const change = (sections: Section[], id: number, to: (body: Uint8Array) => Uint8Array): Section[] =>
  sections.map((section) => (section.id === id ? { id, body: to(section.body) } : section));

/** Instructions that loop, recurse, take memory, write outside of it, or stop. */
const instructions = (random: Random): number[] =>
  pick(random, [
    [0x03, 0x40, 0x0c, 0x00, 0x0b],
    [0x10, ...leb(below(random, 8))],
    [0x41, ...leb(pick(random, [1, 63])), 0x40, 0x00, 0x1a],
    [0x41, 0, 0x41, 1, 0x41, 0x80, 0x80, 0x80, 0x80, 0x01, 0xfc, 0x0b, 0x00],
    [0x00],
    [0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a],
    [0x41, 0x80, 0x80, 0x04, 0x41, 0x7f, 0x36, 0x02, 0x00],
    [0x41, 0, 0x41, 0x7f, 0x41, 0x7f, 0x10, 0x01],
    [0x41, 0x7f, 0x41, 0x7f, 0x41, 0x7f, 0x10, 0x00],
    [0x0f],
  ]);

function hostileCode(code: Uint8Array, random: Random): Uint8Array {
  const bodies = bodiesOf(code);
  for (let n = 1 + below(random, 2); n; n--) {
    const at = below(random, bodies.length);
    const body = bodies[at]!;
    const start = afterLocals(body);
    if (below(random, 3)) {
      const changed = body.slice();
      for (let edits = 1 + below(random, 2); edits; edits--)
        changed[start + below(random, Math.max(1, body.length - start - 1))] = pick(random, [
          below(random, 256),
          below(random, 256),
          ...[0, 1, 0x7f, 0x41, 0x6a, 0x6b, 0x0c, 0x0d, 0x20, 0x21],
        ]);
      bodies[at] = changed;
    } else
      bodies[at] = new Uint8Array(
        Buffer.concat([body.subarray(0, start), Uint8Array.from(instructions(random)), body.subarray(start)]),
      );
  }
  return codeOf(bodies);
}

function hostileModule(original: Uint8Array, random: Random): Uint8Array {
  const sections = sectionsOf(original);
  switch (below(random, 8)) {
    case 0:
      return damaged(original, random);
    case 1:
      return moduleOf(sections.filter(() => below(random, 8)));
    case 2: {
      const memory = [1, 1, ...leb(pick(random, COUNTS)), ...leb(pick(random, COUNTS))];
      return moduleOf(change(sections, 5, () => Uint8Array.from(memory)));
    }
    case 3:
      return moduleOf(
        change(sections, pick(random, [1, 2, 3, 6, 7, 9, 11]), (body) => damaged(body, random)),
      );
    case 4: {
      // Memory of 4 GiB and code that fills what there is.
      const large = change(sections, 5, () => Uint8Array.from([1, 1, ...leb(65536), ...leb(65536)]));
      return moduleOf(change(large, 10, (code) => hostileCode(code, random)));
    }
    default:
      return moduleOf(change(sections, 10, (code) => hostileCode(code, random)));
  }
}

function hostileDescription(original: Uint8Array, random: Random): Uint8Array {
  const sections = sectionsOf(original);
  const at = sections.findIndex(({ id, body }) => id === 0 && customOf(body).name === 'spikelet');
  const { contents } = customOf(sections[at]!.body);
  const description = JSON.parse(Buffer.from(contents).toString());
  const changed = below(random, 5)
    ? new Uint8Array(Buffer.from(hostileJson(description, random)))
    : damaged(contents, random);
  sections[at] = custom('spikelet', changed);
  if (!below(random, 10)) sections.push(custom('spikelet', contents));
  return moduleOf(sections);
}

type InThread = {
  how: 'loadWasm' | 'model.mjs';
  /** Their code is as it was compiled, so that whatever does not end is a hang of the loader's own. */
  wholeCode?: true;
  make: (original: Uint8Array, random: Random) => Uint8Array;
};

const inThread = (name: string, parts: number, { how, wholeCode, make }: InThread): Reader => ({
  name,
  parts,
  // An endless loop is known by its time alone.
  timed: true,
  async open() {
    const modules = await someModules();
    const runs = thread(how, wholeCode ? MOST_MS : LIMIT_MS);
    // One after another: a thread answers more than once.
    for (const module of modules) {
      const whole = await runs.run(module);
      if (whole === 'stopped' || !('logits' in whole))
        throw new Error(`a module that is whole: ${JSON.stringify(whole)}`);
    }
    return {
      input: (random) => make(pick(random, modules), random),
      async read(bytes) {
        const ran = await runs.run(bytes);
        if (ran === 'stopped' && wholeCode) throw new Error('whole code does not end');
        if (ran === 'stopped') return ran;
        if ('failed' in ran) throw new Error(ran.failed);
        if ('refused' in ran) throw new SpikeletError(ran.refused);
        if (ran.escaped) throw new Error(`it escaped: ${ran.escaped}`);
        return String(ran.logits);
      },
      close: runs.close,
    };
  },
});

const descriptions: Reader = {
  name: 'modules: described',
  parts: 3,
  async open() {
    const modules = await someModules();
    return {
      input: (random) => hostileDescription(pick(random, modules), random),
      read: (bytes) => JSON.stringify(describeWasm(bytes as Uint8Array<ArrayBuffer>)),
    };
  },
};

export const moduleReaders: Reader[] = [
  descriptions,
  inThread('modules: description, run', 2, { how: 'loadWasm', wholeCode: true, make: hostileDescription }),
  inThread('modules: code, run', 2, { how: 'loadWasm', make: hostileModule }),
  inThread('modules: description, model.mjs', 1, {
    how: 'model.mjs',
    wholeCode: true,
    make: hostileDescription,
  }),
  inThread('modules: code, model.mjs', 1, { how: 'model.mjs', make: hostileModule }),
];
