import { createRequire } from 'node:module';
import { programsOfFpgas } from '../eda/external-tools.js';
import { folderOf, installLine, toolPackages } from '../eda/packages.js';
import { installedVersion, npmInstall } from '../system/version.js';
import { toolsOfBoards } from '../toolchain/board-tools.js';

/** One thing that may be installed or not. `find` says which version is there; undefined: none. */
type Check = {
  name: string;
  needed: boolean;
  enables: string;
  install: string;
  find: () => Promise<string | undefined>;
};

const require = createRequire(import.meta.url);

/** Version of an npm package, if it loads. */
const npm = (name: string, load: () => Promise<unknown>) => async (): Promise<string | undefined> => {
  try {
    await load();
  } catch {
    return undefined;
  }
  return installedVersion(name);
};

const imagenet = '@tensorflow-models/mobilenet';
const gpuPackage: string = '@tensorflow/tfjs-node-gpu';

const checks: Check[] = [
  {
    name: 'node',
    needed: true,
    enables: 'everything',
    install: 'https://nodejs.org (20.19 or newer)',
    find: async () => {
      const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
      return major > 20 || (major === 20 && minor >= 19) ? process.versions.node : undefined;
    },
  },
  {
    name: '@tensorflow/tfjs',
    needed: false,
    enables: 'train and demo (290 MB)',
    install: npmInstall('@tensorflow/tfjs'),
    // Resolved only: loading it takes a second and prints advertisements.
    find: npm('@tensorflow/tfjs', async () => require.resolve('@tensorflow/tfjs')),
  },
  {
    name: '@tensorflow/tfjs-backend-wasm',
    needed: false,
    enables: 'train and demo without a GPU (14 MB)',
    install: npmInstall('@tensorflow/tfjs-backend-wasm'),
    find: npm('@tensorflow/tfjs-backend-wasm', async () => require.resolve('@tensorflow/tfjs-backend-wasm')),
  },
  {
    name: gpuPackage,
    needed: false,
    enables: 'train on an NVIDIA GPU (CUDA 11.2, cuDNN 8.1)',
    install: npmInstall('@tensorflow/tfjs-node-gpu'),
    find: npm(gpuPackage, () => import(gpuPackage)),
  },
  {
    name: imagenet,
    needed: false,
    enables: "names of ImageNet's 1,000 classes",
    install: npmInstall(imagenet),
    find: npm(imagenet, async () => require.resolve(imagenet)),
  },
  {
    name: 'assemblyscript',
    needed: true,
    enables: 'build --target wasm',
    install: npmInstall('assemblyscript'),
    find: npm('assemblyscript', () => import('assemblyscript/asc')),
  },
  {
    name: 'binaryen',
    needed: true,
    enables: 'build --target wasm',
    install: npmInstall('binaryen'),
    find: npm('binaryen', () => import('binaryen')),
  },
  {
    name: 'esptool-js',
    needed: false,
    enables: 'flash of ESP32 boards',
    install: npmInstall('esptool-js'),
    find: npm('esptool-js', async () => require.resolve('esptool-js')),
  },
  {
    name: 'sharp',
    needed: true,
    enables: 'run on PNG, JPEG and WebP images',
    install: npmInstall('sharp'),
    find: npm('sharp', () => import('sharp')),
  },
  {
    name: 'serialport',
    needed: true,
    enables: 'flash, monitor, profile over a serial port',
    install: npmInstall('serialport'),
    find: npm('serialport', async () => require.resolve('serialport')),
  },
  ...toolPackages.map((tool) => ({
    name: tool.name,
    needed: false,
    enables: `${tool.enables} (${tool.megabytes} MB)`,
    install: installLine(tool),
    find: async () => (folderOf(tool) ? installedVersion(tool.name) : undefined),
  })),
  ...programsOfFpgas.map((program) => ({ ...program, needed: false })),
  // What firmware is compiled with and emulated by: outside of npm, and of use for some boards each.
  ...toolsOfBoards().map(({ tool, boards, emulates }) => ({
    ...tool,
    needed: false,
    enables: `${emulates ? 'boards without hardware' : 'build --target firmware'}: ${
      boards.length > 3 ? `${boards.length} boards` : boards.join(', ')
    }`,
  })),
];

export type Installed = {
  name: string;
  /** Null where it is not installed. */
  version: string | null;
  needed: boolean;
  /** What it is for. */
  enables: string;
  /** The line that installs it. */
  install: string;
};

/** What spikelet works with, and which of it this machine has. */
export const doctor = (): Promise<Installed[]> =>
  Promise.all(
    checks.map(async ({ name, needed, enables, install, find }) => ({
      ...{ name, needed, enables, install },
      version: (await find()) ?? null,
    })),
  );
