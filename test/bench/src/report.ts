import { cpus } from 'node:os';
import { bytes, percent } from '../../../dist/host/report/text.js';
import { leaveFigure } from '../../../dist/test/docs/figure.js';
import type { Own, Ratios, Result, Row } from './bench.js';

/** What measured: figures of different machines cannot be compared. */
export type Machine = { cpu: string; node: string; date: string };

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
});

const columns = [
  'engine',
  'ms',
  'ratio',
  'least ms',
  'ratio of least',
  'threads',
  'model',
  'plus engine',
  'load ms',
  'CRC-32',
  'logits',
];

/** A result as markdown. */
export function markdown(result: Result, { cpu, node, date }: Machine): string {
  const { model, threads, images, macs, density, spikelet, tiers, peers, absent } = result;
  const weights = result.bits === 8 ? '' : `, our weights ${result.bits} bits`;
  const lines = [
    `### ${model}, ${threads} thread${threads === 1 ? '' : 's'}${weights}`,
    '',
    `${(macs / 1e6).toFixed(0)} M MACs, ${percent(density)} of them on inputs that are not zero. Medians of ` +
      `${spikelet.rounds} rounds in turn over ${images} images; ${cpu}, Node ${node}, ${date}. ` +
      "`ratio`: the time / the first row's. `logits`: correlation with float64, and images of the same class.",
    '',
    ...rows([
      columns,
      columns.map(() => '---'),
      cells(spikelet, { ratio: 1, fastestRatio: 1 }),
      ...[...tiers, ...peers].map((row) => cells(row, row)),
    ]),
    '',
    ...[spikelet, ...tiers].map(ownLine),
    ...peers.filter(({ ops }) => ops).map((peer) => `${nameOf(peer)}: ${kernelsOf(peer)}`),
    ...absent.map(({ engine, precision, why }) => `Not measured: ${engine} ${precision}: ${why}`),
    '',
  ];
  return lines.join('\n');
}

/** Results of one model on different numbers of threads, side by side. */
export function threadsMarkdown(results: Result[]): string {
  const [first] = results as [Result, ...Result[]];
  const allOf = ({ spikelet, tiers, peers }: Result) => [
    { ...spikelet, ratio: 1, fastestRatio: 1 },
    ...tiers,
    ...peers,
  ];
  const heads = results.flatMap(({ threads }) => [
    `ms, ${threads} thread${threads === 1 ? '' : 's'}`,
    'ratio',
    'least ms',
    'ratio of least',
  ]);
  const lines = allOf(first).map((row) => [
    nameOf(row),
    ...results.flatMap((result) => {
      const same = allOf(result).find((other) => nameOf(other) === nameOf(row));
      if (!same) return ['-', '-', '-', '-'];
      const { ms, ratio, fastest, fastestRatio, threads } = same;
      // Some engines have fewer than they are asked for.
      const own = threads === result.threads ? '' : ` (${threads} thread${threads === 1 ? '' : 's'})`;
      return [ms.toPrecision(3) + own, ratio.toFixed(2), fastest.toPrecision(3), fastestRatio.toFixed(2)];
    }),
  ]);
  const head = ['engine', ...heads];
  return [`### ${first.model}, side by side`, '', ...rows([head, head.map(() => '---'), ...lines]), ''].join(
    '\n',
  );
}

/**
 * A result as a figure of the documents, where they show it: of one thread the medians, or of two numbers of
 * threads the least times side by side.
 */
export function leaveEngines(side: Result[]): void {
  const [one, two] = side as [Result, Result?];
  const all = ({ spikelet, tiers, peers }: Result) => [
    { ...spikelet, ratio: 1, fastestRatio: 1 },
    ...tiers,
    ...peers,
  ];
  const measured = (title: string) => ({ title, kind: 'measured' as const });
  if (one.model === 'espikeformer-m' && two) {
    const row = (own: Row | Own, i: number) => {
      const other = all(two)[i];
      return [
        nameOf(own),
        own.fastest.toPrecision(3),
        other?.fastest.toPrecision(3) ?? '',
        other?.fastestRatio.toFixed(2) ?? '',
      ];
    };
    const threads = (result: Result) => `ms, ${result.threads} thread${result.threads === 1 ? '' : 's'}`;
    leaveFigure({
      name: 'engines-threads',
      command: 'npm run bench -- espikeformer-m',
      columns: [
        { title: 'engine' },
        measured(threads(one)),
        measured(threads(two)),
        measured(`times our time on ${two.threads}`),
      ],
      rows: all(one).map(row),
    });
  } else if (one.threads === 1 && !two) {
    const figures: Record<string, [name: string, flags: string]> = {
      'espikeformer-m-8': ['engines', 'espikeformer-m --threads 1'],
      'tiny-sparse-6': ['engines-sparse', 'tiny-sparse --bits 6 --threads 1'],
    };
    const [name, flags] = figures[`${one.model}-${one.bits}`] ?? [];
    if (name)
      leaveFigure({
        name,
        command: `npm run bench -- ${flags}`,
        columns: [{ title: 'engine' }, measured('ms'), measured('times our time')],
        rows: all(one).map((row) => [nameOf(row), row.ms.toPrecision(3), row.ratio.toFixed(2)]),
      });
  }
}

const rows = (table: string[][]): string[] => table.map((row) => `| ${row.join(' | ')} |`);

const nameOf = (row: Row | Own): string =>
  `${row.engine} ${'tier' in row ? row.tier : row.precision}${
    row.node === process.versions.node ? '' : `, Node ${Number.parseInt(row.node, 10)}`
  }`;

const ownLine = (own: Own): string =>
  `${nameOf(own)}: integers ${own.exact ? 'equal' : 'DIFFER FROM'} the reference interpreter's, arena ` +
  `${bytes(own.arenaBytes)}, built in ${own.buildSeconds.toFixed(1)} s.`;

const cells = (row: Row | Own, { ratio, fastestRatio }: Ratios): string[] => [
  nameOf(row),
  row.ms.toPrecision(3),
  ratio.toFixed(2),
  row.fastest.toPrecision(3),
  fastestRatio.toFixed(2),
  String(row.threads),
  bytes(row.modelBytes),
  row.runtimeBytes ? bytes(row.runtimeBytes) : 'none',
  row.loadMs.toFixed(0),
  row.crc,
  `${row.agreement.correlation.toFixed(4)}, ${row.agreement.sameClass}`,
];

/** The kernels a peer really runs, and how many of its convolutions are integer. */
function kernelsOf({ ops = {} }: Row): string {
  const sum = (names: string[]) => names.reduce((total, name) => total + (ops[name] ?? 0), 0);
  const integer = sum(['QLinearConv', 'QGemm', 'QLinearMatMul', 'ConvInteger']);
  const float = sum(['Conv', 'FusedConv', 'Gemm', 'FusedGemm']);
  const list = Object.entries(ops).map(([op, count]) => `${count} ${op}`);
  return `${integer} integer and ${float} float convolutions; ${list.join(', ')}.`;
}
