import { cComment, cString } from '../../models/text/c.js';
import { headerOf, macroPrefix } from '../prefix.js';
import type { ModelData } from './model.js';

/** Prints classes.c, a separate file so that programs that do not use the names do not link it. */
export const classesCode = ({
  name,
  prefix,
  classes,
}: ModelData): string => `/* ${cComment(name)}: names of the classes. */
#include "${headerOf(prefix)}"

const char *const ${prefix}_classes[${macroPrefix(prefix)}_CLASSES] = {
${classes.map((text) => `  ${cString(text)},`).join('\n')}
};
`;
