import { cComment, cString } from '../../models/text/c.js';
import { headerOf, macroPrefix } from '../prefix.js';
import type { ModelData } from './model.js';

/** Prints classes.c, a file of its own so that programs which never read the names link none of it. */
export const classesCode = ({
  name,
  prefix,
  classes,
}: ModelData): string => `/* ${cComment(name)}: what its logits stand for. */
#include "${headerOf(prefix)}"

const char *const ${prefix}_classes[${macroPrefix(prefix)}_CLASSES] = {
${classes.map((text) => `  ${cString(text)},`).join('\n')}
};
`;
