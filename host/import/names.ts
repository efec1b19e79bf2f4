import { SpikeletError } from '../../models/error.js';
import { listed, printable } from '../system/printable.js';
import type { LazyTensor } from './checkpoint.js';

/**
 * Tensors' names as wrappers leave them. Some wrappers put their name before a module's wherever that module is; others
 * hold the net under an attribute, with losses, averages or teachers under others.
 */
type Tensors = Map<string, LazyTensor>;

/** Put into names by DistributedDataParallel, torch.compile, FSDP, activation checkpoints: at any place, more than once. */
const WRAPPERS =
  /(^|\.)(?:(?:module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.)+/g;

/** Counters that no inference needs: of batch norms, of averaged models. */
const COUNTERS = /(^|\.)(num_batches_tracked|n_averaged)$/;

/** Heads of other losses beside the classifier. */
const HEADS =
  /(^|\.)(head_kd|kd_head|head_dist|dist_head|head_distill|aux_head|head_aux|aux_classifier)\.(weight|bias)$/;

/** Losses and metrics that Modules hold beside the net. */
const BESIDE = /^(criterion|loss|loss_fn|loss_function|metrics?)\./;

/**
 * Whether an attribute's name is that of an average of nets, which `--ema` wants: `ema`, `model_ema`, `modelEma`,
 * `averaged_model`, `swa_model`; words that only contain the letters, as `semantic`, are not.
 */
export const isAverage = (text: string): boolean =>
  text.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).some((word) => AVERAGED.has(word.toLowerCase()));

const AVERAGED = new Set(['ema', 'swa', 'avg', 'average', 'averaged']);

/** Attributes under which the net itself is, the likeliest first. */
const LIKELY = ['model.', 'net.', 'network.', 'student.', 'backbone.', 'encoder.'];

/** Names without counters and wrappers, and what was done, for people. */
export function withoutWrappers(tensors: Tensors, notes: string[]): Tensors {
  const bare: Tensors = new Map();
  const seen = new Set<string>();
  for (const [name, tensor] of tensors) {
    if (COUNTERS.test(name)) continue;
    const short = name.replace(WRAPPERS, '$1');
    // Two tensors of one name: the wrappers tell them apart.
    if (bare.has(short)) return new Map([...tensors].filter(([kept]) => !COUNTERS.test(kept)));
    for (const [found] of name.matchAll(WRAPPERS)) seen.add(found.replace(/^\./, '').slice(0, 40));
    bare.set(short, tensor);
  }
  if (seen.size) notes.push(`taken out of names: ${[...seen].slice(0, 4).join(', ')}`);
  return bare;
}

/**
 * The tensors of the net among those of everything that was saved with it. `marks`: tensors by which a net is known;
 * whatever stands before one is a prefix.
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
    throw new SpikeletError('it holds no average of the weights (EMA)', { hint: 'omit --ema' });
  // A teacher, say, that is an attribute of the net which is taken.
  const within = others.filter((other) => other.startsWith(prefix));
  const net: Tensors = new Map();
  const passedOver: string[] = [];
  for (const [name, tensor] of tensors) {
    if (!name.startsWith(prefix) || within.some((other) => name.startsWith(other))) passedOver.push(name);
    else if (HEADS.test(name) || BESIDE.test(name.slice(prefix.length))) passedOver.push(name);
    else net.set(name.slice(prefix.length), tensor);
  }
  if (prefix) notes.push(`'${printable(prefix)}' was taken away before every name`);
  if (others.length)
    notes.push(
      `of several nets the one ${prefix ? `under '${printable(prefix)}'` : 'under no prefix'} was taken, not ${others
        .slice(0, 4)
        .map((other) => (other ? `'${printable(other)}'` : 'the one without a prefix'))
        .join(', ')}${others.some(isAverage) && !ema ? ' (--ema takes the average)' : ''}`,
    );
  const heads = passedOver.filter((name) => HEADS.test(name));
  if (heads.length)
    notes.push(
      `passed over: ${heads.slice(0, 4).map(printable).join(', ')}, a second head: only 'head' is used, where PyTorch's evaluation may average both`,
    );
  const rest = passedOver.filter(
    (name) => !HEADS.test(name) && !others.some((other) => name.startsWith(other)),
  );
  if (rest.length) notes.push(`passed over, because they are not of the net: ${listed(rest.map(printable))}`);
  return net;
}
