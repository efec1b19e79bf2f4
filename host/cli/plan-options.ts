import * as target from '../targets/options.js';
import { verbOption } from './target-options.js';
import type { VerbOption } from './verb.js';

/** Options of verbs that plan or run a model without a target. */
export const planOptions: VerbOption[] = target.planOptions.map(verbOption);

/** An option with a default that commander fills in. */
const filled = ({ default: value, ...option }: target.TargetOption): VerbOption => ({
  ...verbOption(option),
  default: value,
});

/** `--threads`, described for its purpose. */
export const threadsOption = (purpose: string): VerbOption => filled(target.threadsOption(purpose));

/** `--timeout`, the limit after which a module from the user is stopped. */
export const timeoutOption: VerbOption = filled(target.timeoutOption);
