import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { SpikeletError } from '../../models/index.js';
import { npmInstall } from '../system/version.js';
import { registerWasmKernels } from './kernels/register.js';
import { trainingInstall } from './packages.js';
import { tf } from './tf.js';

/**
 * `gpu` is tfjs-node-gpu (an optional peer), `wasm` runs everywhere, `cpu` is plain JavaScript and for tests
 * only.
 */
export type BackendName = 'gpu' | 'wasm' | 'cpu';

/**
 * Makes one backend current and returns its name: the wanted one, otherwise `gpu` if it loads, otherwise
 * `wasm`. Throws if the wanted backend, or every backend, fails to start.
 */
export async function useBackend(wanted?: BackendName): Promise<BackendName> {
  if (wanted) {
    const problem = await start(wanted);
    if (problem !== undefined) throw failure(`the ${wanted} backend failed to start: ${problem}`, wanted);
    chosen = wanted;
    return wanted;
  }
  const problems: string[] = [];
  for (const name of ['gpu', 'wasm'] as const) {
    const problem = await start(name);
    if (problem === undefined) {
      chosen = name;
      return name;
    }
    problems.push(`${name}: ${problem}`);
  }
  throw failure(`no training backend starts: ${problems.join('; ')}`, 'wasm');
}

let chosen: BackendName | undefined;

/** The backend that `useBackend` chose, or its choice now. */
export const ensureBackend = async (): Promise<BackendName> => chosen ?? useBackend();

const failure = (message: string, name: BackendName) =>
  new SpikeletError(message, {
    hint:
      name === 'gpu'
        ? `${npmInstall('@tensorflow/tfjs-node-gpu')} (needs CUDA 11.2 and cuDNN 8.1), or let spikelet choose the backend`
        : trainingInstall,
  });

/** Why the backend does not start; undefined if it does. */
async function start(name: BackendName): Promise<string | undefined> {
  try {
    if (name === 'gpu') {
      restoreUtil();
      await import(GPU_PACKAGE);
    }
    if (name === 'wasm') return await startWasm();
    const registered = name === 'gpu' ? 'tensorflow' : 'cpu';
    return (await tf.setBackend(registered)) ? undefined : `tfjs does not know the backend '${registered}'`;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
  }
}

/** A variable, so that the compiler does not need the types of this optional package. */
const GPU_PACKAGE: string = '@tensorflow/tfjs-node-gpu';

/** tfjs-node 4.22.0 calls two functions that Node 23 removed. */
function restoreUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isArray'] ??= Array.isArray;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
}

async function startWasm(): Promise<string | undefined> {
  const { default: wasm } = await import('@tensorflow/tfjs-backend-wasm');
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  if (!tf.engine().registry['wasm']) wasm.setWasmPaths(dirname(main) + sep);
  if (!(await tf.setBackend('wasm'))) return 'tfjs could not set it up';
  await registerWasmKernels(tf.backend() as BackendWasm);
  return undefined;
}
