/**
 * What programs import from 'spikelet': everything that the command line does, as functions that take plain options and
 * return data and files. None of them prints; who wants to hear of the work gives callbacks. What goes wrong for a reason
 * that a person can mend is a SpikeletError with a hint. TensorFlow.js and serialport are loaded by the functions that
 * need them, and not before.
 */

export { boards } from '../firmware-gen/boards/index.js';
export { fpgaBoards } from '../fpga/boards/index.js';
export type { Dataset, Split } from '../models/dataset.js';
export { exitCode, SpikeletError } from '../models/error.js';
// Files of Nets and Graphs.
export { readGraph, readNet, writeGraph, writeNet } from '../models/file.js';
export type { Graph } from '../models/graph.js';
export type { Net } from '../models/net.js';
export type { OutputFile } from '../models/output.js';
export { zoo } from '../models/zoo/index.js';
// Builds, their proof and their cost.
export { type BuildOptions, type BuildResult, type Builds, build, buildTo } from './api/build.js';
export { doctor, type Installed } from './api/doctor.js';
export { type Exploration, type ExploreOptions, explore } from './api/explore.js';
// Devices and this machine.
export { type Flashed, type FlashOptions, flash, flashFile } from './api/flash.js';
export type { Images } from './api/images.js';
// Import.
export { importCheckpoint } from './api/import.js';
export { inspect, inspectOnData, plan } from './api/inspect.js';
export { loadGraph, loadNet } from './api/load.js';
// Running and looking.
export { type Model, type OpenOptions, openModel, readImage } from './api/model.js';
export { type MonitorOptions, monitor } from './api/monitor.js';
export { type ProfileOptions, profile } from './api/profile.js';
// From a Net to integers.
export { compare, type NetImages, type QuantizeOptions, quantize } from './api/quantize.js';
// Training.
export { evaluate, netFor, netOn, type TrainRun, train } from './api/train.js';
export { type Verifications, type VerifyOptions, verify } from './api/verify.js';
// The command line's configuration, errors.
export { type Config, defineConfig } from './cli/config.js';
// Data.
export { checkDataset, type LoadOptions, loadDataset, usages as datasetUsages } from './data/index.js';
export type { Imported, ImportOptions } from './import/index.js';
export type { Comparison } from './report/compare.js';
export type { Part } from './report/text.js';
export { ranking } from './run/open-model.js';
export type { LayerProfile, Profile } from './run/profile.js';
export type { Difference, Verification } from './run/verify.js';
export { verifyWasm } from './run/verify.js';
export { type TargetName, targetNames } from './targets/index.js';
export type { Hooks, Inspection, MakeOptions } from './targets/target.js';
export { type Checkpoint, readCheckpoint, writeCheckpoint } from './train/checkpoint.js';
export type {
  BackendName,
  EpochReport,
  Evaluation,
  StepReport,
  Training,
  TrainOptions,
  TrainResult,
  TrainState,
} from './train/index.js';
export { trainDefaults } from './train/options.js';
// WebAssembly alone, in steps.
export { emitBuild } from './wasm/build.js';
export { loadWasm } from './wasm/load.js';
