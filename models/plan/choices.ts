/** What a plan chooses that kernels are compiled for; nodes and tensors by their names. */
export type Choices = {
  /** Spikes stored as two counts per byte; all others have a byte each. */
  packed: ReadonlySet<string>;
  /** Columns of the output whose inputs are listed in one stream; absent: all of a row. */
  columns: ReadonlyMap<string, number>;
  /** Nodes whose constants are fetched from outside the memory in parts. */
  fetches: ReadonlyMap<string, Fetch>;
  /** Threads that share the rows of a step, each with its own working memory; default 1. */
  threads?: number;
};

/** `tiles` tiles of outputs, each of `pairs` pairs of lanes, at a time, into `bytes` of working memory. */
export type Fetch = { pairs: number; tiles: number; bytes: number };

/** Bytes for counts, whole rows, constants in place: the fastest if there is enough memory. */
export const plainChoices: Choices = { packed: new Set(), columns: new Map(), fetches: new Map() };

/** Bytes of one position of `channels` counts. */
export const countBytes = (channels: number, packed: boolean): number =>
  packed ? Math.ceil(channels / 2) : channels;

/** A way to cut a node's constants into `tiles` equal parts; `cost` of its kernel relative to the fastest. */
export type FetchOption = { pairs: number; tiles: number; tileBytes: number; cost: number };
