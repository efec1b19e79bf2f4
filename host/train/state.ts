import { isTrainable, type Net, SpikeletError, type Tensor, toFloat32 } from '../../models/index.js';
import { type Adam, adamStart } from './adamw.js';
import { fromValues, toValues, type Values } from './layout.js';
import type { TrainOptions } from './options.js';

/**
 * Everything that a run needs to continue after `epoch` completed epochs, as plain data. `tensors` holds the
 * Net's parameters by name, and AdamW's moments as `adam.first.<name>` and `adam.second.<name>`, all in the
 * Net's layout.
 */
export type TrainState = {
  tensors: Map<string, Tensor>;
  progress: { epoch: number; steps: number; options: TrainOptions };
};

const PREFIXES = { first: 'adam.first.', second: 'adam.second.' } as const;

/** The state that training changes. */
export type Run = { values: Values; adam: Adam; epoch: number };

export function startRun(net: Net): Run {
  const values = toValues(net);
  return { values, adam: adamStart(values, [...net.params.keys()].filter(isTrainable)), epoch: 0 };
}

/** A snapshot that shares nothing with the run. */
export function saveRun(net: Net, run: Run, options: TrainOptions): TrainState {
  const tensors = fromValues(net, run.values);
  for (const part of ['first', 'second'] as const)
    for (const [name, tensor] of fromValues(net, run.adam[part])) tensors.set(PREFIXES[part] + name, tensor);
  return { tensors, progress: { epoch: run.epoch, steps: run.adam.steps, options } };
}

/** The inverse of `saveRun`, bit for bit. Throws if the state belongs to another architecture. */
export function loadRun(net: Net, state: TrainState): Run {
  const part = (prefix: string, names: string[]): Values => {
    const found = new Map<string, Tensor>();
    for (const name of names) {
      const tensor = state.tensors.get(prefix + name);
      const shape = net.params.get(name)!.shape;
      if (!tensor || String(tensor.shape) !== String(shape))
        throw new SpikeletError(
          `the training state does not match net '${net.name}': ${prefix}${name} is ` +
            `${tensor ? `[${tensor.shape}]` : 'missing'} and should be [${shape}]`,
          { hint: 'resume with the model that the state was saved from' },
        );
      found.set(name, { shape, data: toFloat32(tensor.data) });
    }
    return toValues(net, found);
  };
  const names = [...net.params.keys()];
  const trainable = names.filter(isTrainable);
  const { epoch, steps } = state.progress;
  return {
    values: part('', names),
    adam: { first: part(PREFIXES.first, trainable), second: part(PREFIXES.second, trainable), steps },
    epoch,
  };
}
