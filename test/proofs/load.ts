import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNet } from '../../host/import/index.js';
import { writeGraph } from '../../models/index.js';
import { main } from '../support/command.js';
import { zooNet } from '../support/nets.js';
import { pickle, stateDict, torchLegacy, torchZip } from '../support/torch.js';
import { verdict } from './cli.js';
import { espikeformerLike } from './sized.js';

/**
 * `npm run bench -- load`: time and memory of `spikelet build` on E-SpikeFormer-m at 224x224, 10M parameters,
 * random constants; how long its module takes to compile and to instantiate; and how long the 40 MB of its
 * checkpoint take to be imported, in either of torch's formats. Under a minute.
 */
const ROUNDS = 9;
/** Prints the most memory that a process had, in KiB, when it ends. */
const watch = `data:text/javascript,process.on('exit',()=>process._rawDebug('most '+process.resourceUsage().maxRSS))`;

const folder = await mkdtemp(join(tmpdir(), 'spikelet-load-'));
try {
  const { graph } = espikeformerLike('m');
  const path = join(folder, 'graph.safetensors');
  await writeFile(path, writeGraph(graph));
  for (const threads of [1, 4]) await measureBuild(path, threads);
  for (const name of ['model', 'model-threads']) await measureLoad(name);
  measureImport();
} finally {
  await rm(folder, { recursive: true });
}

async function measureBuild(path: string, threads: number): Promise<void> {
  const args = ['build', path, '--target', 'wasm', '--out', folder, '--threads', String(threads)];
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', watch, main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, SPIKELET_NO_CACHE: '1' },
  });
  const seconds = (performance.now() - start) / 1000;
  const most = Number(/most (\d+)/.exec(stderr)?.[1]) / 1024;
  if (status !== 0) throw new Error(stderr);
  const what = `spikelet build${threads > 1 ? ` --threads ${threads}` : ''}`;
  verdict(what, `${seconds.toFixed(1)} s`, '<= 60 s', seconds <= 60);
  verdict(what, `${most.toFixed(0)} MiB`, '<= 2048 MiB', most <= 2048);
}

function measureImport(): void {
  const net = zooNet('espikeformer-m', [224, 224, 3], 1000);
  const { value, storages } = stateDict(net.params);
  for (const [format, pack] of Object.entries({ zip: torchZip, legacy: torchLegacy })) {
    const bytes = pack(pickle(value), storages);
    const start = performance.now();
    importNet(bytes, 'x');
    const seconds = (performance.now() - start) / 1000;
    verdict(
      `import of ${bytes.length} B, torch's ${format} format`,
      `${seconds.toFixed(1)} s`,
      '<= 5 s',
      seconds <= 5,
    );
  }
}

async function measureLoad(name: string): Promise<void> {
  const bytes = await readFile(join(folder, `${name}.wasm`));
  const times = { compile: [] as number[], instantiate: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    // An engine keeps what it compiled: a byte that differs makes it another module.
    const own = Uint8Array.from(bytes);
    own[own.lastIndexOf(0x7d)] = 0x20 + round;
    let start = performance.now();
    const module = await WebAssembly.compile(own);
    times.compile.push(performance.now() - start);
    start = performance.now();
    await instantiate(module);
    times.instantiate.push(performance.now() - start);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  console.log(
    `${name}.wasm, ${bytes.length} B: compile ${median(times.compile).toFixed(1)} ms, ` +
      `instantiate ${median(times.instantiate).toFixed(1)} ms, medians of ${ROUNDS}`,
  );
}

function instantiate(module: WebAssembly.Module): Promise<WebAssembly.Instance> {
  const section = WebAssembly.Module.customSections(module, 'spikelet')[0]!;
  const { threads } = JSON.parse(new TextDecoder().decode(section).replace(/.$/, '}'));
  const pages = threads?.[3];
  const env = {
    trace() {},
    ...(pages ? { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }) } : {}),
  };
  return WebAssembly.instantiate(module, { env });
}
