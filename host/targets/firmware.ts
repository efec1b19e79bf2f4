import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Board, boardOf, boards } from '../../firmware-gen/boards/index.js';
import { reserved, shellRam } from '../../firmware-gen/fits.js';
import { type Placed, requirePlace } from '../../firmware-gen/plan-board.js';
import { checkPrefix, DEFAULT_PREFIX } from '../../firmware-gen/prefix.js';
import type { Graph } from '../../models/index.js';
import { bytes, type Part, quantity } from '../report/text.js';
import type { Profile } from '../run/profile.js';
import type { Verification } from '../run/verify.js';
import { isFolder } from '../system/files.js';
import { required, usageError } from '../system/usage.js';
import { compileTools, requireTools } from '../toolchain/board-tools.js';
import { checkedDefines, emitFirmware, GRAPH_FILE } from '../toolchain/build.js';
import { makeProject, products } from '../toolchain/make.js';
import { type Linked, linkedBytes } from '../toolchain/map.js';
import { printModel } from '../toolchain/model.js';
import { type BoardFlags, boardIn, onBoard } from './on-board.js';
import {
  boardOption,
  budgetOf,
  type PlanFlags,
  planOptions,
  portOptions,
  type TargetOption,
} from './options.js';
import type { Build, Hooks, ImageHooks, Inspection, Target, VerifyHooks } from './target.js';

export type FirmwareOptions = PlanFlags & {
  board?: string | undefined;
  /** Bounds every access to memory; a bad one stops the program, which names the layer. */
  checked?: boolean | undefined;
  /** First word of every function, macro and file of the model. */
  prefix?: string | undefined;
};

/**
 * What is known of firmware before it is compiled: bytes that the model takes, exact but for code, which is
 * at most.
 */
export type FirmwareData = {
  board: string;
  prefix: string;
  predicted: Placed['model'] & Pick<Placed, 'fit' | 'weightsRead'>;
};

/**
 * What make wrote: paths, and the bytes of model and shell that were linked; without them where a vendor's
 * system compiles.
 */
export type FirmwareMade = { products: string[]; linked?: Linked };

const buildOption: TargetOption = {
  flags: '--build <path>',
  description: 'a folder that build wrote for the board, for its emulator (default: built now)',
  value: { kind: 'text' },
};

/** A project in C for a board. */
export const firmware = {
  makes: 'a project in C for a board',
  boards,
  options: {
    build: [
      boardOption,
      {
        flags: '--checked',
        description: 'bounds every access to memory; a bad one stops the program, which names the layer',
        value: { kind: 'flag' },
      },
      {
        flags: '--prefix <name>',
        description:
          'first word of every function, macro and file of the model, so that two models link into one program (default: spikelet)',
        value: { kind: 'text' },
      },
      ...planOptions,
    ],
    verify: [buildOption, boardOption, ...portOptions],
    profile: [buildOption, boardOption, ...portOptions],
  },
  require: {
    async build(options) {
      const { board } = settle(options);
      await requireTools(compileTools(board), `firmware for ${board.name}`);
    },
  },
  build: buildFirmware,
  async verify(graph: Graph, images: Iterable<Int8Array>, flags: BoardFlags, hooks: VerifyHooks) {
    const { verifyFirmware } = await import('../run/verify-board.js');
    return onBoard(graph, flags, hooks, {}, (board) => verifyFirmware(graph, board, images, hooks));
  },
  verdict: (result) =>
    `${result.equal} of ${result.samples} samples equal at every tensor on ${(result as FirmwareVerified).board}`,
  profile: profileFirmware,
  inspect: inspectFirmware,
} satisfies Target<FirmwareOptions, BoardFlags, BoardFlags>;

type FirmwareVerified = Verification<'firmware'> & { board: string };

/** The board and the checked options of a build. */
function settle({ board: name, weights, prefix, checked = false }: FirmwareOptions) {
  const board = boardOf(required(name, '--board'));
  if (weights === 'outside') throw usageError('firmware reads its weights in place', 'omit --weights');
  if (checked && !compileTools(board).length)
    throw usageError(
      `${board.name} is built with its vendor's build system`,
      'define SPIKELET_CHECKED there, and write the spikelet_trap() that spikelet.h declares',
    );
  return { board, checked, prefix: prefix === undefined ? undefined : checkPrefix(prefix) };
}

async function buildFirmware(
  graph: Graph,
  options: FirmwareOptions,
  { note }: Hooks,
): Promise<Build<FirmwareData, FirmwareMade>> {
  const { board, checked, prefix } = settle(options);
  const placed = requirePlace(board, graph, { ...budgetOf(options), checked });
  const { model, fit, weightsRead, planned } = placed;
  note?.(`planned: ${model.arena} B of RAM in ${planned.plan.steps.length} steps, ${board.title}`);
  const files = await emitFirmware(board, placed, await printModel(planned, prefix), {
    ...(checked ? { defines: checkedDefines } : {}),
    ...(prefix === undefined ? {} : { prefix }),
  });
  return {
    files,
    data: { board: board.name, prefix: prefix ?? DEFAULT_PREFIX, predicted: { ...model, weightsRead, fit } },
    products,
    async make(folder, { report }) {
      const built = compileTools(board).length ? await makeProject(board, folder, fit.weightsIn) : undefined;
      const linked = built && (await linkedBytes(built.map, prefix));
      for (const part of sizeReport(placed, linked)) report?.(part);
      report?.('');
      if (weightsRead !== undefined)
        report?.(`one inference reads about ${quantity(weightsRead)} bytes of weights`);
      const made = built
        ? [built.elf, built.bin, ...built.files.map(({ path }) => path)]
        : files.map(({ path }) => join(folder, path));
      report?.(made.join(', '));
      return { products: made, ...(linked ? { linked } : {}) };
    },
  };
}

/** Flash and RAM, predicted before the build and as linked; the model's own bytes are exact. */
function sizeReport({ model, fit }: Placed, linked: Linked | undefined): Part[] {
  const row = (what: string, predicted: number | undefined, real: number | undefined) => [
    what,
    predicted === undefined ? '' : String(predicted),
    real === undefined ? '' : String(real),
  ];
  return [
    {
      columns: [{ title: 'bytes' }, { title: 'predicted', right: true }, { title: 'linked', right: true }],
      rows: [
        row('weights and other constants', model.weights + model.constants, linked?.model.constants),
        row('arena: tensors, working memory', model.arena, linked?.model.ram),
        row('code of the model, at most', model.code, linked?.model.code),
        row('code of the shell, at most', reserved.code, linked?.shell.code),
        row('variables of the shell, at most', shellRam(model.layers), linked?.shell.ram),
        row('stack', fit.stack, undefined),
      ],
    },
    `flash: at most ${bytes(fit.flash.used)} of ${bytes(fit.flash.bytes)}; RAM: at most ${bytes(fit.ram.used)} of ${bytes(fit.ram.bytes)}`,
  ];
}

async function profileFirmware(
  graph: Graph,
  images: Iterable<Int8Array>,
  flags: BoardFlags,
  hooks: ImageHooks,
): Promise<Profile> {
  const { deviceName, profileBoard } = await import('../run/profile-board.js');
  return onBoard(graph, flags, hooks, { counting: true }, (link, board) =>
    profileBoard(graph, link, images, {
      device: deviceName(board, link, flags.port === undefined),
      ...(hooks.onProgress ? { onProgress: hooks.onProgress } : {}),
    }),
  );
}

/** A project's folder: for which board, of which graph, and what was linked, once make ran. */
async function inspectFirmware(path: string): Promise<Inspection | undefined> {
  const name = (await isFolder(path)) ? await boardIn(path) : undefined;
  const board: Board | undefined = boards.find((each) => each.name === name);
  if (!board) return undefined;
  const files = await readdir(path);
  const map = join(path, 'firmware.map');
  const linked = files.includes('firmware.map') ? await linkedBytes(map) : undefined;
  const graph = files.includes(GRAPH_FILE) ? join(path, GRAPH_FILE) : null;
  return {
    result: { kind: 'firmware', board: board.name, graph, linked: linked ?? null } as Inspection['result'],
    parts: [
      { title: `firmware for ${board.title}` },
      ...(graph ? [`it computes the Graph in ${graph}`] : []),
      ...(linked
        ? [
            {
              columns: ['bytes', 'code', 'constants', 'RAM'].map((title, i) => ({ title, right: i > 0 })),
              rows: (['model', 'shell'] as const).map((part) => [
                part,
                ...(['code', 'constants', 'ram'] as const).map((what) => String(linked[part][what])),
              ]),
            },
          ]
        : [`not compiled yet: run make in ${path}`]),
    ],
  };
}
