import type { Graph, OutputFile } from '../../models/index.js';
import type { Part } from '../report/text.js';
import type { Profile } from '../run/profile.js';
import type { Verification } from '../run/verify.js';
import type { TargetOption } from './options.js';

/** Who hears of work on its way; what is absent, nobody hears. */
export type Hooks = {
  /** A line on what is being worked at. */
  note?: ((line: string) => void) | undefined;
  /** A part of the result for people, as soon as it is known: what fails later was seen before. */
  report?: ((part: Part) => void) | undefined;
};

/** Of work on images. */
export type ImageHooks = Hooks & {
  /** Told how many images are done. */
  onProgress?: ((done: number) => void) | undefined;
};

/**
 * A build: its files, what is known of it as plain data, and what is left to do in the folder that holds the
 * files.
 */
export type Build<Data = object, Made = object> = {
  files: OutputFile[];
  data: Data;
  /** Paths that `make` writes into the folder besides the files. */
  products: string[];
  /**
   * Runs the target's own tools in a folder that holds the files: make, or yosys and nextpnr. Reports the
   * build.
   */
  make(folder: string, options: MakeOptions): Promise<Made>;
};

/** `force`: replace files that spikelet did not write. */
export type MakeOptions = Hooks & { force?: boolean | undefined };

export type TargetVerb = 'build' | 'verify' | 'profile';

/**
 * What a Graph is built for. A new target is a file with one of these, and a line in index.ts; the verbs,
 * their help and their errors read the table.
 */
export type Target<B = object, V = object, P = object> = {
  /** What `build` makes, for help. */
  makes: string;
  /** Boards that it builds for, if it builds for boards: `profile` chooses the target by them. */
  boards: readonly { name: string }[];
  /** What each verb takes for this target, besides what it takes for all. */
  options: Record<TargetVerb, TargetOption[]>;
  /** Checks of options and installed tools that come before minutes of work; throw SpikeletErrors. */
  require?: {
    build?(options: B): void | Promise<void>;
    verify?(options: V): void | Promise<void>;
    profile?(options: P): void | Promise<void>;
  };
  /** A file of every build: whether it can be written is known before the work. */
  writes?: string;
  build(graph: Graph, options: B, hooks: Hooks): Promise<Build>;
  /** Compares with the interpreter, on i8 pixels [row][column][channel]; `labels` for the accuracy. */
  verify(graph: Graph, images: Iterable<Int8Array>, options: V, hooks: VerifyHooks): Promise<Verified>;
  /** How `verify` ends, for people. */
  verdict(result: Verified): string;
  /** What `verify` found besides. */
  details?(result: Verified): Part[];
  /** Measures what an inference costs, layer by layer. */
  profile?(graph: Graph, images: Iterable<Int8Array>, options: P, hooks: ImageHooks): Promise<Profile>;
  /** What is in a folder or file that this target wrote; undefined where it is something else. */
  inspect(path: string): Promise<Inspection | undefined>;
};

export type VerifyHooks = ImageHooks & { labels?: ArrayLike<number> | undefined };

/** What every target tells of a verification, and what some tell besides. */
export type Verified = Verification<string>;

/** What `inspect` found: plain data, and how people read it. */
export type Inspection = { result: { kind: string }; parts: Part[] };
