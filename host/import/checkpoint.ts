import { labelled, SpikeletError } from '../../models/error.js';
import { fileKind } from '../../models/file.js';
import { readSafetensors } from '../../models/safetensors.js';
import { toFloat32 } from '../../models/tensor.js';
import { listed, printable } from '../system/printable.js';
import { isZip, readZip } from '../system/zip.js';
import { marks } from './architecture.js';
import { Opaque } from './inert.js';
import { otherKind, zipKind } from './kinds.js';
import { netAmong, withoutWrappers } from './names.js';
import { Bag, textOf } from './pickle.js';
import { partsOf } from './shards.js';
import { readTorch, TensorRef, type TorchFile } from './torch.js';

/** A PyTorch checkpoint from any container: tensors in the order of the file, read on demand. */
export type Checkpoint = {
  tensors: Map<string, LazyTensor>;
  /**
   * What is stored with the weights: the metadata of a .safetensors file, the `args` of a training
   * checkpoint.
   */
  fields: Map<unknown, unknown>;
  notes: string[];
};

export type LazyTensor = { shape: number[]; read: () => Float32Array };

/** Keys under which training scripts put the weights, the likeliest first, and an average of them. */
const WEIGHTS = ['model', 'state_dict', 'model_state_dict', 'net', 'network', 'module', 'weights', 'params'];
const AVERAGES = [
  ...[
    'model_ema',
    'state_dict_ema',
    'ema_state_dict',
    'model_ema_state_dict',
    'ema',
    'ema_model',
    'params_ema',
  ],
  ...['averaged_model', 'swa_model', 'swa_state_dict'],
];

/** Keys within keys: {'ema': {'module': {...}}}. */
const MAX_DEPTH = 3;

export type CheckpointOptions = {
  /** Take the average of the weights that was saved with them. */
  ema?: boolean;
};

/**
 * Recognises the format by its bytes. Throws a SpikeletError that begins with `label`; so may every `read`.
 */
export function readCheckpoint(
  bytes: Uint8Array,
  label: string,
  options: CheckpointOptions = {},
): Checkpoint {
  return mergeCheckpoints([containerOf(bytes, label, options)], label, options);
}

/** Joins the parts of a checkpoint, and removes wrappers' prefixes from the names. */
export function mergeCheckpoints(
  parts: Container[],
  label: string,
  { ema = false }: CheckpointOptions,
): Checkpoint {
  const all = new Map<string, LazyTensor>();
  for (const { tensors } of parts)
    for (const [name, tensor] of tensors) {
      if (all.has(name)) throw new SpikeletError(`${label}: two parts hold the tensor '${printable(name)}'`);
      all.set(name, tensor);
    }
  const notes = [...new Set(parts.flatMap((part) => part.notes))];
  const wanted = ema && !parts.some(({ averaged }) => averaged);
  const bare = withoutWrappers(all, notes);
  return {
    tensors: labelled(label, () => netAmong(bare, marks, { ema: wanted, notes })),
    fields: new Map(parts.flatMap(({ fields }) => [...fields])),
    notes,
  };
}

/**
 * What a file holds, with names unchanged. `averaged`: the weights are an average, stored under a separate
 * key.
 */
export type Container = Checkpoint & { averaged: boolean };

export function containerOf(bytes: Uint8Array, label: string, options: CheckpointOptions): Container {
  if (looksLikeSafetensors(bytes)) return fromSafetensors(bytes, label);
  if (isZip(bytes)) return fromZip(bytes, label, options);
  const other = () => {
    const parts = partsOf(bytes, label);
    return parts
      ? new SpikeletError(
          `${label} is the index of a checkpoint in several files (shards): ${listed(parts.map(printable))}`,
          {
            hint: 'import it from the folder that holds these files',
          },
        )
      : otherKind(bytes, label);
  };
  if (looksLikePickle(bytes)) {
    try {
      return fromTorch(readTorch(bytes, label), label, options);
    } catch (error) {
      throw (error instanceof SpikeletError && otherKind(bytes, label)) || error;
    }
  }
  throw (
    other() ??
    new SpikeletError(`${label} is neither a .safetensors file nor one that torch.save wrote`, {
      hint: 'is it complete, and really a checkpoint?',
    })
  );
}

/** What torch.save wrote, or a zip archive of one checkpoint. */
function fromZip(bytes: Uint8Array, label: string, options: CheckpointOptions): Container {
  const entries = readZip(bytes, label);
  const names = [...entries.keys()].filter(
    (name) => !name.endsWith('/') && !/(^|\/)(__MACOSX\/|\.[^/]*$)/.test(name),
  );
  const known = zipKind(names, label);
  if (known) throw known;
  if (names.some((name) => /(^|\/)data\.pkl$/.test(name)))
    return fromTorch(readTorch(bytes, label), label, options);
  const inside = names.filter((name) => /\.(pth|pt|ckpt|bin|tar|safetensors)$/i.test(name));
  if (inside.length > 1)
    throw new SpikeletError(
      `${label} is a zip archive of several checkpoints: ${listed(inside.map(printable))}`,
      {
        hint: 'unpack it, and import one of them',
      },
    );
  // Report errors of the archive itself first.
  if (!inside.length) return fromTorch(readTorch(bytes, label), label, options);
  const content = entries.get(inside[0]!)!.read();
  const where = `${label}, '${printable(inside[0]!)}' in it`;
  if (isZip(content) && !isTorchZip(content, where))
    throw new SpikeletError(`${where} is another archive`, { hint: 'unpack it, and import the file in it' });
  const found = containerOf(content, where, options);
  return { ...found, notes: [`the checkpoint is '${printable(inside[0]!)}' in the archive`, ...found.notes] };
}

const isTorchZip = (bytes: Uint8Array, label: string): boolean =>
  [...readZip(bytes, label).keys()].some((name) => /(^|\/)data\.pkl$/.test(name));

/**
 * The JSON header begins after its length, of less than 4 GB. Asked first, because the length can look like
 * the first bytes of anything else.
 */
const looksLikeSafetensors = (bytes: Uint8Array): boolean =>
  bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);

/** Protocol 2 and later begin with PROTO; those before it with a function, a mark, a list or a dict. */
const looksLikePickle = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x80 ? (bytes[1] ?? 0) <= 5 : [0x63, 0x28, 0x5d, 0x7d].includes(bytes[0] ?? 0);

function fromSafetensors(bytes: Uint8Array, label: string): Container {
  const file = readSafetensors(bytes, label);
  const kind = fileKind(file);
  if (kind)
    throw new SpikeletError(
      `${label} is a ${kind === 'net' ? 'Net' : 'Graph'} of spikelet already, not a checkpoint`,
      {
        hint: 'only PyTorch checkpoints need importing; use the file directly',
      },
    );
  const tensors = new Map<string, LazyTensor>();
  for (const [name, { shape, data }] of file.tensors)
    tensors.set(name, { shape, read: () => toFloat32(data) });
  return { tensors, fields: new Map(Object.entries(file.metadata)), notes: [], averaged: false };
}

function fromTorch(
  { value, unknown, read }: TorchFile,
  label: string,
  { ema = false }: CheckpointOptions,
): Container {
  const { weights, key, averaged, notes } = findWeights(value, label, ema);
  const args = value instanceof Map ? (value.get('args') ?? value.get('hyper_parameters')) : undefined;
  const fields = args instanceof Bag ? args.fields : args instanceof Map ? args : new Map();
  if (key) notes.unshift(`the weights are those under '${key}'`);
  if (unknown.size)
    notes.push(`stored with the weights, not read: objects of ${listed([...unknown].map(printable))}`);
  const tensors = new Map<string, LazyTensor>();
  const others: string[] = [];
  for (const [name, tensor] of weights) {
    if (typeof name !== 'string' || !(tensor instanceof TensorRef)) others.push(printable(textOf(name)));
    else tensors.set(name, { shape: tensor.size, read: () => read(tensor, name) });
  }
  if (others.length) notes.push(`skipped, because they are not tensors: ${listed(others)}`);
  return { tensors, fields, notes, averaged };
}

const holdsTensors = (value: unknown): value is Map<unknown, unknown> =>
  value instanceof Map && [...value.values()].some((entry) => entry instanceof TensorRef);

type Found = { weights: Map<unknown, unknown>; key: string };

/**
 * The state_dict at or within `value`, under the usual keys; a single tensor next to them, such as a best
 * accuracy, does not count.
 */
function stateDictIn(value: unknown, key: string, depth = 0): Found | undefined {
  if (!(value instanceof Map)) return undefined;
  for (const inner of depth < MAX_DEPTH ? WEIGHTS : []) {
    const found = stateDictIn(value.get(inner), key ? `${key}.${inner}` : inner, depth + 1);
    if (found) return found;
  }
  return holdsTensors(value) ? { weights: value, key } : undefined;
}

const isMark = (name: unknown): boolean =>
  typeof name === 'string' && marks.some((mark) => name === mark || name.endsWith(`.${mark}`));

/** The nets directly under any keys of a checkpoint: each holds a tensor that identifies nets. */
const netsIn = (value: unknown): Found[] =>
  value instanceof Map
    ? [...value].flatMap(([key, inner]) =>
        typeof key === 'string' && holdsTensors(inner) && [...inner.keys()].some(isMark)
          ? [{ weights: inner, key }]
          : [],
      )
    : [];

function findWeights(
  value: unknown,
  label: string,
  ema: boolean,
): { weights: Map<unknown, unknown>; key?: string; averaged: boolean; notes: string[] } {
  const nets = netsIn(value);
  const usual = stateDictIn(value, '');
  const isNet = value instanceof Map && [...value.keys()].some(isMark);
  // A tensor next to nets, such as a best accuracy, is not the net.
  const plain =
    usual && (usual.key !== '' || isNet)
      ? usual
      : (onlyNet(
          nets.filter(({ key }) => !AVERAGES.includes(key)),
          label,
        ) ?? (nets.length ? undefined : usual));
  const averages =
    value instanceof Map && !isNet ? AVERAGES.flatMap((key) => stateDictIn(value.get(key), key) ?? []) : [];
  const [average] = averages;
  const found = ema ? (average ?? plain) : (plain ?? average);
  if (found) {
    const [averaged, other] = found === average ? [true, plain] : [false, average];
    const notes = other
      ? [
          averaged
            ? `skipped: the weights under '${other.key}'; those taken are their average`
            : `skipped: an average of the weights (EMA) under '${other.key}'; --ema takes it`,
        ]
      : [];
    const left = nets.filter(({ weights }) => weights !== found.weights && weights !== other?.weights);
    if (left.length)
      notes.push(`skipped: other weights under ${listed(left.map(({ key }) => `'${printable(key)}'`))}`);
    return { ...found, averaged, notes };
  }
  throw noWeights(value, label);
}

/** The net under an unusual key, if there is only one; of a student and its teacher, the student. */
function onlyNet(nets: Found[], label: string): Found | undefined {
  const student = nets.find(({ key }) => key === 'student');
  if (nets.length > 1 && !student)
    throw new SpikeletError(
      `${label} holds several nets, under ${listed(nets.map(({ key }) => `'${printable(key)}'`))}`,
      { hint: "load it in Python, and save the one you want: torch.save(checkpoint['...'], 'weights.pth')" },
    );
  return student ?? nets[0];
}

function noWeights(value: unknown, label: string): SpikeletError {
  const whole = value instanceof Map ? [...value.values()].find((entry) => entry instanceof Opaque) : value;
  if (whole instanceof Opaque)
    return new SpikeletError(
      `${label} holds a whole Python object, ${printable(whole.type)}, not a state_dict`,
      {
        hint: "load it in Python, and save only the weights: torch.save(model.state_dict(), 'weights.pth')",
      },
    );
  const seen =
    value instanceof Map
      ? `its keys are ${listed([...value.keys()].map((key) => `'${printable(textOf(key))}'`)) || 'none'}`
      : 'it is not a dict';
  return new SpikeletError(`${label} holds no state_dict: ${seen}`, {
    hint: `the weights should be the whole file or under one of the keys ${WEIGHTS.join(', ')}`,
  });
}
