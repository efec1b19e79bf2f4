import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fpgaBoards } from '../../fpga/boards/index.js';
import { edgesOf } from '../../fpga/emit/streaming/edges.js';
import { errors } from '../../fpga/estimate/errors.js';
import { explore, type Point, paretoFront } from '../../fpga/estimate/explore.js';
import { additionsPerEvent } from '../../fpga/estimate/features.js';
import { knownErrors } from '../../fpga/estimate/known-errors.js';
import { bramsOf } from '../../fpga/estimate/memories.js';
import { exploreSvg, legendOf } from '../../host/report/explore-chart.js';
import { estimateTable, measuredTable } from '../../host/report/explore-table.js';
import { placeLabels } from '../../host/report/labels.js';
import { legendSvg } from '../../host/report/scatter.js';
import type { Measured } from '../../host/run/measure-design.js';
import type { Graph } from '../../models/index.js';
import { randomGraph, seeded } from '../support/random-graph.js';

/** A graph that was calibrated: every tensor fires. */
function active(seed: number): Graph {
  const graph = randomGraph(seeded(seed), 5);
  for (const tensor of Object.values(graph.tensors)) tensor.activity = { rate: 0.4, density: 0.3 };
  return graph;
}

const icebreaker = fpgaBoards[0]!;

test('the Pareto front holds exactly what nothing beats', () => {
  const random = seeded(5);
  const points = Array.from({ length: 200 }, () => [random(), random()] as const);
  const front = paretoFront(
    points,
    ([x]) => x,
    ([, y]) => y,
  );
  const beaten = ([x, y]: readonly [number, number]) =>
    points.some(([a, b]) => a <= x && b <= y && (a < x || b < y));
  assert.equal(new Set(front), new Set(points.filter((point) => !beaten(point))));
});

test('additions of an event: by its bits, its count or once', () => {
  assert.is(additionsPerEvent('dsp', 4, 2.5), 1);
  assert.is(additionsPerEvent('unary', 4, 2.5), 2.5);
  // Counts 1 to 4 equally often: 1, 1, 2, 1 additions.
  assert.ok(Math.abs(additionsPerEvent('popcount', 4, 2.5) - 1.25) < 1e-3);
  assert.ok(Math.abs(additionsPerEvent('popcount', 4, 1) - 1) < 1e-3);
});

test('block RAMs by the shape that takes fewest', () => {
  const of = (bits: number, words: number) => bramsOf({ name: 'any', bits, words }, 'ice40');
  assert.equal([of(16, 256), of(8, 512), of(2, 2048), of(17, 256), of(64, 1913)], [1, 1, 1, 2, 32]);
});

test('every design on every board: finite, sorted, the front marked among those that fit', () => {
  const graphs = [active(1), active(2)];
  for (const board of fpgaBoards) {
    const points = explore(graphs, board);
    assert.ok(points.length > 10);
    points.forEach((point, i) => {
      const { estimate, seconds, size, short, pareto } = point;
      for (const value of [seconds, size, ...Object.values(estimate.area)])
        assert.ok(Number.isFinite(value) && value >= 0, `${board.name}: ${value}`);
      assert.ok(seconds > 0 && size > 0 && seconds >= (points[i - 1]?.seconds ?? 0));
      if (pareto) assert.is(short.length, 0);
      if (estimate.fmaxHz !== undefined) assert.ok(board.nextpnr, board.name);
    });
    const { columns, rows } = estimateTable(points, board, ['a', 'b']);
    assert.is(rows.length, points.filter(({ short }) => !short.length).length);
    for (const row of rows) assert.is(row.length, columns.length);
  }
});

test('a design that multiplies has a multiplier for every lane, whatever the bits of its weights', () => {
  for (const board of fpgaBoards)
    for (const bits of [4, 6, 8] as const) {
      const graph = active(2);
      for (const node of graph.nodes)
        if (node.op === 'accumulate') {
          const most = 2 ** (bits - 1) - 1;
          const weights = graph.data.get(node.weights)!.map((w) => Math.max(-most, Math.min(most, w)));
          graph.data.set(node.weights, weights);
          node.bits = bits;
        }
      const dsp = explore([graph], board).filter(({ datapath }) => datapath === 'dsp');
      assert.is(dsp.length > 0, board.capacity.dsps > 0, board.name);
      for (const { architecture, lanes, estimate, short } of dsp) {
        const { dsps } = estimate.area;
        assert.ok(dsps >= lanes, `${board.name}, ${architecture}, ${bits} bits: ${dsps} for ${lanes} lanes`);
        if (!short.length) assert.ok(dsps <= board.capacity.dsps);
      }
    }
});

test('the table says by how much its kinds of designs were off', () => {
  const [plain, attends] = [false, true].map(
    (wanted) =>
      Array.from({ length: 20 }, (_, seed) => active(seed)).find(
        ({ nodes }) => nodes.some(({ op }) => op === 'attend') === wanted,
      )!,
  ) as [Graph, Graph];
  const both = knownErrors(new Set(['sequential', 'streaming']), [plain]);
  assert.equal(
    both.map((line) => line.split(':')[0]),
    ['sequential', 'streaming'],
  );
  const mixed = knownErrors(new Set(['sequential']), [plain, attends]);
  assert.equal(
    mixed.map((line) => line.split(':')[0]),
    ['sequential', 'attention'],
  );
  assert.is(knownErrors(new Set(['sequential']), [attends]).length, 1);
  // The numbers are those that the last fit left.
  for (const [kind, line] of [
    ['sequential', both[0]!],
    ['streaming', both[1]!],
    ['attention', mixed[1]!],
  ] as const) {
    const { designs, mean, worst } = errors[kind].LUT!;
    assert.ok(designs > 0 && mean >= 0, kind);
    const percent = (share: number) => `${(100 * Math.abs(share)).toFixed(0)} %`;
    assert.match(line, `~LUT ${percent(mean)}`);
    if (worst === undefined) continue;
    assert.ok(Math.abs(worst) >= mean, kind);
    assert.match(
      line,
      `~LUT ${percent(mean)}, at worst ${percent(worst)} too ${worst < 0 ? 'low' : 'high'} (${designs})`,
    );
  }
});

test('more lanes take fewer clocks and more logic', () => {
  const points = explore([active(3)], fpgaBoards.find(({ name }) => name === 'xc7a35t')!).filter(
    ({ architecture, datapath }) => architecture === 'sequential' && datapath === 'popcount',
  );
  const byLanes = [...points].sort((a, b) => a.lanes - b.lanes);
  byLanes.slice(1).forEach((point, i) => {
    assert.ok(point.estimate.cycles <= byLanes[i]!.estimate.cycles);
    assert.ok(point.size >= byLanes[i]!.size);
  });
});

test('a graph that was not calibrated is refused, and one whose weights are more than the memory', () => {
  assert.throws(() => explore([randomGraph(seeded(1), 4)], icebreaker), /does not tell how often/);
  const graph = active(1);
  const node = graph.nodes.find(({ op }) => op === 'accumulate');
  if (node?.op !== 'accumulate') throw new Error('the graph has no weights');
  const large = { ...graph, data: new Map(graph.data).set(node.weights, new Int8Array(1 << 20)) };
  assert.throws(() => explore([large], icebreaker), /its weights are .* KiB, all memory there is 143 KiB/);
});

test('the picture: well-formed, estimates hollow, measured designs full, its text escaped', () => {
  const graph = active(4);
  const points = explore([graph], icebreaker);
  const point = points.find(({ pareto }) => pareto)!;
  const found: Measured = {
    area: point.estimate.area,
    short: [],
    cells: point.size + 100,
    fmaxHz: 20e6,
    cycles: 1000,
    images: 1,
  };
  const measured = new Map([[point, found]]);
  const svg = exploreSvg(points, measured, icebreaker, ['<a> & "b"']);
  assert.match(svg, '&lt;a&gt; &amp; &quot;b&quot;');
  assert.not.match(svg, /NaN|undefined|Infinity/);
  const tags = [...svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)];
  const open: string[] = [];
  for (const [, closes, name, alone] of tags)
    if (closes) assert.is(open.pop(), name);
    else if (!alone) open.push(name!);
  assert.is(open.length, 0);
  assert.is([...svg.matchAll(/class="h\d full"/g)].length, 1);
  const { rows } = measuredTable(measured, icebreaker, ['a']);
  assert.equal(
    rows.map(([, what]) => what),
    ['estimated', 'MEASURED', 'estimate off by'],
  );
  assert.ok(rows[0]!.slice(2).every((text) => text === '' || text.startsWith('~')));
});

test('no two lines of the legend have the same sign', () => {
  const points = explore([active(4)], icebreaker);
  const measured = new Map([[points[0]!, { area: points[0]!.estimate.area, short: [] }]]);
  for (const widths of [[8], [8, 4], [8, 6, 4]])
    for (const found of [new Map<Point, Measured>(), measured]) {
      const signs = legendOf(['sequential, dsp', 'streaming, dsp'], widths, found).map(
        (entry) => legendSvg([entry])[0]!,
      );
      assert.is(new Set(signs).size, signs.length, signs.join('\n'));
    }
});

test('labels cover neither marks nor each other, whatever the places', () => {
  const random = seeded(9);
  const bounds = { x: 0, y: 0, width: 600, height: 400 };
  for (let round = 0; round < 20; round++) {
    const wanted = Array.from({ length: 25 }, (_, i) => ({
      text: `label ${i}`,
      at: [random() * 600, random() * 400] as [number, number],
      width: 50,
      height: 12,
    }));
    const marks = wanted.map(({ at: [x, y] }) => ({ x: x - 5, y: y - 5, width: 10, height: 10 }));
    const boxes = placeLabels(wanted, marks, bounds).map(({ box }) => box);
    assert.ok(boxes.length > 12);
    const apart = (a: typeof bounds, b: typeof bounds) =>
      a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
    boxes.forEach((box, i) => {
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 600 && box.y + box.height <= 400);
      for (const other of [...marks, ...boxes.slice(0, i)]) assert.ok(apart(box, other));
    });
  }
});

test("a graph's streams are run once for all of its designs", () => {
  const graph = randomGraph(seeded(3), 5);
  assert.is(edgesOf(graph), edgesOf(graph));
  assert.equal(edgesOf({ ...graph }), edgesOf(graph));
});

test.run();
