import { SpikeletError } from '../../models/error.js';
import { listed, printable } from '../system/printable.js';
import type { LazyTensor } from './checkpoint.js';

/**
 * Tensor names as wrappers leave them. Some wrappers add a prefix to the modules they wrap; others hold the
 * net under one attribute, with losses, averages or teachers under others.
 */
type Tensors = Map<string, LazyTensor>;

/**
 * Prefixes that DistributedDataParallel, torch.compile, FSDP and activation checkpointing insert, anywhere in
 * a name and possibly repeated.
 */
const WRAPPERS =
  /(^|\.)(?:(?:module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.)+/g;

/** Counters of batch norms and averaged models, which inference does not need. */
const COUNTERS = /(^|\.)(num_batches_tracked|n_averaged)$/;

/** Heads for other losses, next to the classifier. */
const HEADS =
  /(^|\.)(head_kd|kd_head|head_dist|dist_head|head_distill|aux_head|head_aux|aux_classifier)\.(weight|bias)$/;

/** Losses and metrics that modules hold next to the net. */
const BESIDE = /^(criterion|loss|loss_fn|loss_function|metrics?)\./;

/**
 * Whether an attribute names an average of nets, which `--ema` takes: `ema`, `model_ema`, `modelEma`,
 * `averaged_model`, `swa_model`, but not words that only contain the letters, such as `semantic`.
 */
export const isAverage = (text: string): boolean =>
  text.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).some((word) => AVERAGED.has(word.toLowerCase()));

const AVERAGED = new Set(['ema', 'swa', 'avg', 'average', 'averaged']);

/** Attributes that hold the net itself, the likeliest first. */
const LIKELY = ['model.', 'net.', 'network.', 'student.', 'backbone.', 'encoder.'];

/** Removes counters and wrappers' prefixes; `notes` say what was removed. */
export function withoutWrappers(tensors: Tensors, notes: string[]): Tensors {
  const bare: Tensors = new Map();
  const seen = new Set<string>();
  for (const [name, tensor] of tensors) {
    if (COUNTERS.test(name)) continue;
    const short = name.replace(WRAPPERS, '$1');
    // Two tensors would get one name: only the wrappers tell them apart.
    if (bare.has(short)) return new Map([...tensors].filter(([full]) => !COUNTERS.test(full)));
    for (const [found] of name.matchAll(WRAPPERS)) seen.add(found.replace(/^\./, '').slice(0, 40));
    bare.set(short, tensor);
  }
  if (seen.size) notes.push(`removed from names: ${[...seen].slice(0, 4).join(', ')}`);
  return bare;
}

/**
 * The tensors of the net among everything that was saved with it. `marks`: tensors that identify a net;
 * whatever comes before one is the prefix.
 */
export function netAmong(
  tensors: Tensors,
  marks: readonly string[],
  { ema, notes }: { ema: boolean; notes: string[] },
): Tensors {
  const prefixes = new Set<string>();
  for (const name of tensors.keys())
    for (const mark of marks)
      if (name === mark || name.endsWith(`.${mark}`)) prefixes.add(name.slice(0, name.length - mark.length));
  const order = (prefix: string): number => {
    const likely = LIKELY.findIndex((start) => prefix.startsWith(start));
    return (isAverage(prefix) === ema ? 0 : 100) + (prefix === '' ? -1 : likely < 0 ? LIKELY.length : likely);
  };
  const [prefix = '', ...others] = [...prefixes].sort((a, b) => order(a) - order(b));
  if (ema && !isAverage(prefix))
    throw new SpikeletError('it has no average of the weights (EMA)', { hint: 'omit --ema' });
  // For example a teacher that is an attribute of the chosen net.
  const within = others.filter((other) => other.startsWith(prefix));
  const net: Tensors = new Map();
  const skipped: string[] = [];
  for (const [name, tensor] of tensors) {
    if (!name.startsWith(prefix) || within.some((other) => name.startsWith(other))) skipped.push(name);
    else if (HEADS.test(name) || BESIDE.test(name.slice(prefix.length))) skipped.push(name);
    else net.set(name.slice(prefix.length), tensor);
  }
  if (prefix) notes.push(`'${printable(prefix)}' was removed from the start of every name`);
  if (others.length)
    notes.push(
      `of several nets, the one ${prefix ? `under '${printable(prefix)}'` : 'without a prefix'} was taken, not ${others
        .slice(0, 4)
        .map((other) => (other ? `'${printable(other)}'` : 'the one without a prefix'))
        .join(', ')}${others.some(isAverage) && !ema ? ' (--ema takes the average)' : ''}`,
    );
  const heads = skipped.filter((name) => HEADS.test(name));
  if (heads.length)
    notes.push(
      `skipped: ${heads.slice(0, 4).map(printable).join(', ')}, a second head: only 'head' is used, while PyTorch's evaluation may average both`,
    );
  const rest = skipped.filter((name) => !HEADS.test(name) && !others.some((other) => name.startsWith(other)));
  if (rest.length)
    notes.push(`skipped, because they are not part of the net: ${listed(rest.map(printable))}`);
  return net;
}
