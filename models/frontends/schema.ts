import { z } from 'zod';
import { type FrontEndKind, type FrontEndStructure, frontEnds } from './index.js';

const structure = (kind: FrontEndKind) =>
  z.strictObject({ kind: z.literal(kind), parameters: frontEnds[kind].schema as unknown as z.ZodType });

/**
 * Schema of a file's JSON; checkFrontEnd() checks the bounds that need several parameters, and the tables.
 */
export const frontEndSchema = z.discriminatedUnion(
  'kind',
  (Object.keys(frontEnds) as FrontEndKind[]).map(structure) as unknown as [ReturnType<typeof structure>],
) as unknown as z.ZodType<FrontEndStructure>;
