import { createRequire } from 'node:module';
import { exitCode } from '../../../models/error.js';
import { programsOfFpgas } from '../../eda/external-tools.js';
import { folderOf, installLine, toolPackages } from '../../eda/packages.js';
import { installedVersion, npmInstall, version } from '../../system/version.js';
import { toolsOfBoards } from '../../toolchain/board-tools.js';
import { verb } from '../verb.js';

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

export const doctor = verb({
  summary: 'say what is installed, and how to install what is not',
  options: [],
  async run(_args, _options, io) {
    const found = await Promise.all(checks.map(async (check) => ({ ...check, version: await check.find() })));
    io.print(io.bold(`spikelet ${version}`));
    io.table(
      [{ title: 'package' }, { title: 'version' }, { title: 'enables' }],
      found.map(({ name, version: has, enables, needed }) => [
        name,
        has ?? (needed ? 'MISSING' : 'not installed'),
        enables,
      ]),
    );
    const absent = found.filter(({ version: has }) => has === undefined);
    if (absent.length) io.print();
    for (const { name, install, needed } of absent)
      io.print(`${needed ? 'needed' : 'optional'}: ${name}: ${install}`);
    const broken = absent.some(({ needed }) => needed);
    return {
      result: {
        spikelet: version,
        packages: found.map(({ name, needed, enables, install, version: has }) => ({
          name,
          version: has ?? null,
          needed,
          enables,
          install,
        })),
      },
      ...(broken ? { code: exitCode.failure } : {}),
    };
  },
});
