import * as target from '../targets/options.js';
import { verbOption } from './target-options.js';
import type { VerbOption } from './verb.js';

/** Options of verbs that plan or run a model without a target. */
export const planOptions: VerbOption[] = target.planOptions.map(verbOption);

/** An option that always has a value, which commander fills in. */
const filled = ({ default: value, ...option }: target.TargetOption): VerbOption => ({
  ...verbOption(option),
  default: value,
});

/** `--threads`, with what it is for. */
export const threadsOption = (purpose: string): VerbOption => filled(target.threadsOption(purpose));

/** `--timeout`, after which a module that was given is broken off. */
export const timeoutOption: VerbOption = filled(target.timeoutOption);
