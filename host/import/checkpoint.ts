import { SpikeletError } from '../../models/error.js';
import { fileKind } from '../../models/file.js';
import { readSafetensors } from '../../models/safetensors.js';
import { toFloat32 } from '../../models/tensor.js';
import { printable } from '../printable.js';
import { Bag } from './pickle.js';
import { readTorch, TensorRef } from './torch.js';
import { isZip } from './zip.js';

/** A checkpoint of PyTorch, whatever the container: tensors in the order of the file, read when asked for. */
export type Checkpoint = {
  tensors: Map<string, LazyTensor>;
  /** What is written beside the weights: the metadata of a .safetensors, the `args` of a training checkpoint. */
  fields: Map<unknown, unknown>;
  notes: string[];
};

export type LazyTensor = { shape: number[]; read: () => Float32Array };

/** Where training scripts put the weights, the likeliest first; an average of them is the last resort. */
const WEIGHTS = ['model', 'state_dict', 'model_state_dict', 'net', 'module', 'model_ema', 'state_dict_ema'];

/** What wrappers (DistributedDataParallel, torch.compile, Lightning) put before every name. */
const PREFIXES = ['module.', '_orig_mod.', 'model.'];
const MAX_WRAPPERS = 8;

/** Counters of batch norms that no inference needs. */
const isCounter = (name: string): boolean => name.endsWith('.num_batches_tracked');

/** Recognises the format by its bytes. Throws a SpikeletError that begins with `label`; so may every `read`. */
export function readCheckpoint(bytes: Uint8Array, label: string): Checkpoint {
  const checkpoint =
    isZip(bytes) || looksLikePickle(bytes)
      ? fromTorch(bytes, label)
      : looksLikeSafetensors(bytes)
        ? fromSafetensors(bytes, label)
        : undefined;
  if (!checkpoint)
    throw new SpikeletError(`${label} is neither a .safetensors file nor what torch.save writes`, {
      hint: 'is it complete, and really a checkpoint?',
    });
  const notes = [...checkpoint.notes];
  return { ...checkpoint, tensors: withoutPrefixes(checkpoint.tensors, notes), notes };
}

/** The JSON header begins after its length. */
const looksLikeSafetensors = (bytes: Uint8Array): boolean => bytes[8] === 0x7b;

/** Protocol 2 and later begin with PROTO; those before it with a function, a mark, a list or a dict. */
const looksLikePickle = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x80
    ? (bytes[1] ?? 0) <= 5 && !looksLikeSafetensors(bytes)
    : [0x63, 0x28, 0x5d, 0x7d].includes(bytes[0] ?? 0);

function fromSafetensors(bytes: Uint8Array, label: string): Checkpoint {
  const file = readSafetensors(bytes, label);
  const kind = fileKind(file);
  if (kind)
    throw new SpikeletError(`${label} is a ${kind === 'net' ? 'Net' : 'Graph'} of spikelet already`, {
      hint: 'only checkpoints of PyTorch need importing: use the file as it is',
    });
  const tensors = new Map<string, LazyTensor>();
  for (const [name, { shape, data }] of file.tensors)
    if (!isCounter(name)) tensors.set(name, { shape, read: () => toFloat32(data) });
  return { tensors, fields: new Map(Object.entries(file.metadata)), notes: [] };
}

function fromTorch(bytes: Uint8Array, label: string): Checkpoint {
  const { value, read } = readTorch(bytes, label);
  const { weights, key } = findWeights(value, label);
  const args = value instanceof Map ? value.get('args') : undefined;
  const fields = args instanceof Bag ? args.fields : args instanceof Map ? args : new Map();
  const notes = key ? [`the weights are those under '${key}'`] : [];
  const tensors = new Map<string, LazyTensor>();
  const others: string[] = [];
  for (const [name, tensor] of weights) {
    if (typeof name !== 'string' || !(tensor instanceof TensorRef)) others.push(printable(String(name)));
    else if (!isCounter(name)) tensors.set(name, { shape: tensor.size, read: () => read(tensor, name) });
  }
  if (others.length) notes.push(`passed over, because they are no tensors: ${listed(others)}`);
  return { tensors, fields, notes };
}

const holdsTensors = (value: unknown): value is Map<unknown, unknown> =>
  value instanceof Map && [...value.values()].some((entry) => entry instanceof TensorRef);

function findWeights(value: unknown, label: string): { weights: Map<unknown, unknown>; key?: string } {
  if (holdsTensors(value)) return { weights: value };
  if (value instanceof Map)
    for (const key of WEIGHTS) {
      const weights: unknown = value.get(key);
      if (holdsTensors(weights)) return { weights, key };
    }
  const seen =
    value instanceof Map
      ? `its keys are ${listed([...value.keys()].map((key) => `'${printable(String(key))}'`)) || 'none'}`
      : 'it is no dict';
  throw new SpikeletError(`${label} holds no state_dict: ${seen}`, {
    hint: `the weights should be the whole file or lie under one of ${WEIGHTS.join(', ')}`,
  });
}

/** Takes away what stands before every name. */
function withoutPrefixes(tensors: Map<string, LazyTensor>, notes: string[]): Map<string, LazyTensor> {
  let bare = tensors;
  for (let wrappers = 0; wrappers < MAX_WRAPPERS; wrappers++) {
    const names = [...bare.keys()];
    const prefix = PREFIXES.find((start) => names.every((name) => name.startsWith(start)));
    if (!names.length || !prefix) break;
    notes.push(`'${prefix}' was taken away before every name`);
    bare = new Map([...bare].map(([name, tensor]) => [name.slice(prefix.length), tensor] as const));
  }
  return bare;
}

/** The first few of a list, for one line. */
export const listed = (items: string[]): string =>
  items.slice(0, 8).join(', ') + (items.length > 8 ? `, ... (${items.length})` : '');
