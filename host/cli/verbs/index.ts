import type { Verb } from '../verb.js';
import { boards } from './boards.js';
import { build } from './build.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { explore } from './explore.js';
import { flash } from './flash.js';
import { importVerb } from './import.js';
import { inspect } from './inspect.js';
import { monitor } from './monitor.js';
import { profile } from './profile.js';
import { quantize } from './quantize.js';
import { run } from './run.js';
import { train } from './train.js';
import { verify } from './verify.js';

/** Every verb, in the order of help. */
export const verbs: Record<string, Verb> = {
  train,
  import: importVerb,
  quantize,
  build,
  run,
  verify,
  flash,
  monitor,
  profile,
  inspect,
  explore,
  boards,
  doctor,
  demo,
};
