import type { OutputFile } from '../../models/index.js';
import { headerOf } from '../prefix.js';
import { classesCode } from './classes.js';
import { modelCode } from './code.js';
import { constantBytesOf, constantsCode } from './constants.js';
import { frontEndBytes, frontEndFiles } from './front-end.js';
import { apiHeader, recordsHeader } from './headers.js';
import type { FirmwareModel, ModelData } from './model.js';
import { weightBytesOf, weightFiles } from './weights.js';

export type { FirmwareConstants, FirmwareLayer, FirmwareModel, ModelData } from './model.js';

/**
 * Exact bytes of a printed model: the weights section (with thresholds and scales), other constants, and RAM:
 * the arena and the front end's stream.
 */
export const bytesOfModel = (model: ModelData): { weights: number; constants: number; arena: number } => ({
  weights: weightBytesOf(model),
  constants: constantBytesOf(model) + frontEndBytes(model).constants,
  arena: Math.ceil(model.arenaBytes / 4) * 4 + frontEndBytes(model).ram,
});

/**
 * Prints a model as C99: spikelet.h is its API, model.c the code printed from its WebAssembly, constants.c
 * the plan, classes.c the class names, frontend.c the tables of a front end, weights.c (or weights.S) the
 * constants that layers read in place. Compile with SPIKELET_TRACE to see each layer's output, with
 * SPIKELET_CHECKED for bounds checks. Another prefix replaces `spikelet` in the names of all files, functions
 * and macros. Throws a SpikeletError if the WebAssembly cannot be printed as C.
 */
export async function emitModelC(model: FirmwareModel): Promise<OutputFile[]> {
  const bytes = bytesOfModel(model);
  return [
    { path: headerOf(model.prefix), contents: apiHeader(model, bytes) },
    { path: `${model.prefix}-model.h`, contents: recordsHeader(model) },
    { path: 'model.c', contents: await modelCode(model) },
    { path: 'constants.c', contents: constantsCode(model) },
    { path: 'classes.c', contents: classesCode(model) },
    ...frontEndFiles(model),
    ...weightFiles(model),
  ];
}
