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
 * Bytes that a printed model takes, exact: of the section of its weights (with their thresholds and scales), of its other
 * constants and of its RAM: the arena, and the front end's stream.
 */
export const bytesOfModel = (model: ModelData): { weights: number; constants: number; arena: number } => ({
  weights: weightBytesOf(model),
  constants: constantBytesOf(model) + frontEndBytes(model).constants,
  arena: Math.ceil(model.arenaBytes / 4) * 4 + frontEndBytes(model).ram,
});

/**
 * Prints a model as C99: spikelet.h is its API, model.c the code printed from its WebAssembly, constants.c the plan,
 * classes.c the names of its classes, frontend.c the tables of its front end if it has one, weights.c (or weights.S) what the layers read in place. Compile them with
 * SPIKELET_TRACE to see each layer's output, with SPIKELET_CHECKED to have every access bounded. Another prefix than
 * `spikelet` takes its place in all names of files, functions and macros. Throws a SpikeletError where the WebAssembly is not all printable.
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
