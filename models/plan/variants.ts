import type { Graph, GraphNode } from '../graph.js';
import type { Choices, Fetch, FetchOption } from './choices.js';
import { nodeTime } from './cost.js';
import type { Kernels } from './kernels.js';
import { bandsOf, type Profile, profileOf, type Segment } from './segments.js';
import { keptBytes, ownBytes, rowBytesOf, scratchBytes } from './sizes.js';

/** One way to run a segment, how many bytes are alive at once, and its time in nanoseconds. */
export type Variant = {
  /** Rows of its output at a time. */
  band: number;
  /** Whether the spikes inside are packed. */
  packed: boolean;
  /** Most working memory of a node. */
  limit: number;
  peak: number;
  time: number;
};

/** The fetch options of each node, where constants come from outside. */
export type FetchOptions = ReadonlyMap<string, readonly FetchOption[]>;

/** What a plan knows about its backend. */
export type Backend = Kernels & { fetch: FetchOptions };

const BANDS = [1, 2, 3, 4, 6, 8, 14, 28];
const KIBI = 1024;
const LIMITS = [Number.POSITIVE_INFINITY, 192, 128, 96, 64, 48, 32, 24, 16, 8].map((limit) => limit * KIBI);

/** Which ends of a segment are packed. */
export type Ends = { input: boolean; output: boolean };

/**
 * All ways to run a segment, the fastest first; none both larger and slower than another. Subtracts the work,
 * steps times tensors, from `effort`; gives up and returns no way when that is used up.
 */
export function variantsOf(
  graph: Graph,
  segment: Segment,
  ends: Ends,
  packable: ReadonlySet<string>,
  backend: Backend,
  effort: { left: number },
): Variant[] {
  const nodes = graph.nodes.slice(segment.first, segment.last + 1);
  const height = graph.tensors[nodes.at(-1)!.output]!.shape[0];
  const rows = (band: number) => {
    const bands = bandsOf(graph, segment, band);
    return [...bands].reduce(
      (sum, [index, each]) => sum + graph.tensors[graph.nodes[index]!.output]!.shape[0] / each,
      0,
    );
  };
  const inner = nodes.slice(0, -1).some(({ output }) => packable.has(output));
  const variants: Variant[] = [];
  for (const band of [...BANDS.filter((rows) => rows < height), height]) {
    effort.left -= Math.ceil(rows(band)) * (nodes.length + 1) * LIMITS.length;
    if (effort.left < 0) return [];
    const profile = profileOf(graph, segment, band);
    for (const packed of inner ? [false, true] : [false])
      for (const limit of LIMITS) {
        const variant = { band, packed, limit };
        const choices = choicesOf(graph, segment, ends, packable, backend, variant, profile);
        const time = nodes.reduce(
          (sum, node, i) => sum + timeOf(graph, node, choices, profile.stepsOf[i]!, backend),
          0,
        );
        variants.push({ ...variant, peak: peakOf(graph, backend, segment, nodes, profile, choices), time });
      }
  }
  variants.sort((a, b) => a.time - b.time || a.peak - b.peak);
  let least = Number.POSITIVE_INFINITY;
  return variants.filter(({ peak }) => {
    const better = peak < least;
    least = Math.min(least, peak);
    return better;
  });
}

/** What a variant chooses for the nodes and tensors of its segment. */
export function choicesOf(
  graph: Graph,
  segment: Segment,
  ends: Ends,
  packable: ReadonlySet<string>,
  backend: Backend,
  { band, packed, limit }: Pick<Variant, 'band' | 'packed' | 'limit'>,
  profile = profileOf(graph, segment, band),
): Choices {
  const nodes = graph.nodes.slice(segment.first, segment.last + 1);
  const inner = packed ? nodes.slice(0, -1).map(({ output }) => output) : [];
  const names = new Set([
    ...(ends.input ? [segment.input] : []),
    ...(ends.output ? [nodes.at(-1)!.output] : []),
    ...inner.filter((name) => packable.has(name)),
  ]);
  return choicesWithin(graph, nodes, profile, names, limit, backend);
}

function timeOf(graph: Graph, node: GraphNode, choices: Choices, steps: number, backend: Backend): number {
  const pairs = choices.fetches.get(node.name)?.pairs;
  const option = backend.fetch.get(node.name)?.find((known) => known.pairs === pairs);
  return nodeTime(node, graph, choices, steps, option);
}

/** Parts of rows and tiles that keep the working memory of each node below `limit`, if possible. */
function choicesWithin(
  graph: Graph,
  nodes: GraphNode[],
  { stepsOf }: Profile,
  packed: ReadonlySet<string>,
  limit: number,
  backend: Backend,
): Choices {
  const columns = new Map<string, number>();
  const fetches = new Map<string, Fetch>();
  const choices: Choices = { packed, columns, fetches };
  nodes.forEach((node, i) => {
    const ways = backend.fetch.get(node.name);
    const streams = ways ? limit / 2 : limit;
    if (backend.lists(node, graph) && scratchBytes(backend, graph, node, choices) > streams) {
      let [low, high] = [1, graph.tensors[node.output]!.shape[1]];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        columns.set(node.name, middle);
        if (scratchBytes(backend, graph, node, choices) > streams) high = middle - 1;
        else low = middle;
      }
      columns.set(node.name, low);
    }
    if (!ways) return;
    const left = limit - scratchBytes(backend, graph, node, choices);
    let best = {
      time: Number.POSITIVE_INFINITY,
      bytes: Number.POSITIVE_INFINITY,
      fetch: undefined as Fetch | undefined,
    };
    for (const option of ways) {
      const tiles = Math.max(1, Math.min(option.tiles, Math.floor(left / option.tileBytes)));
      const bytes = tiles * option.tileBytes;
      const fetch = { pairs: option.pairs, tiles, bytes };
      const time =
        bytes <= left
          ? nodeTime(node, graph, { ...choices, fetches: new Map([[node.name, fetch]]) }, stepsOf[i]!, option)
          : Number.POSITIVE_INFINITY;
      if (time < best.time || (time === best.time && bytes < best.bytes)) best = { time, bytes, fetch };
    }
    fetches.set(node.name, best.fetch!);
  });
  return choices;
}

/** Most bytes alive at once: a lower bound for every layout. */
function peakOf(
  graph: Graph,
  backend: Backend,
  { input }: Segment,
  nodes: GraphNode[],
  { nodes: at, rows, span }: Profile,
  choices: Choices,
): number {
  const bytes = new Float64Array(at.length);
  [input, ...nodes.map(({ output }) => output)].forEach((name, i) => {
    const each = rowBytesOf(graph, name, choices);
    const alive = rows[i]!;
    for (let t = 0; t < bytes.length; t++) bytes[t]! += alive[t]! * each;
  });
  const own = nodes.map((node) => ownBytes(backend, graph, node, choices));
  for (let t = 0; t < bytes.length; t++) bytes[t]! += own[at[t]!]!;
  nodes.forEach((node, i) => {
    const kept = keptBytes(graph, node, choices);
    if (kept) for (let t = span[i]![0]; t <= span[i]![1]; t++) bytes[t]! += kept;
  });
  return bytes.reduce((most, value) => Math.max(most, value), 0);
}
