import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tiers } from '../host/assemblyscript.js';
import { verifyWasm } from '../host/verify.js';
import { definition, type Graph, ops, type Plan, plainChoices, plan, prove } from '../models/index.js';
import { randomChoices } from './random-choices.js';
import { randomGraph, seeded } from './random-graph.js';
import { compiled, randomPixels } from './wasm-models.js';

const bands = [1, 2, 3, 5, undefined];

test('random graphs: every tensor equals the interpreter, whatever the tier and the band', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
      const random = seeded(seed);
      const graph = randomGraph(random, 10);
      for (const node of graph.nodes)
        seen.add(node.op === 'accumulate' ? `${node.op} ${node.end.kind}` : node.op);
      const images = [0, 0.1, 0.3, 0.6, 1].map((density) => randomPixels(graph, random, density));
      images.push(randomPixels(graph, random, 0).fill(127), randomPixels(graph, random, 0).fill(-127));
      for (const tier of tiers)
        for (const choices of [plainChoices, randomChoices(graph, tier, random)]) {
          const linked = await compiled(graph, tier, choices);
          for (const band of choices === plainChoices ? bands : [2, undefined]) {
            const result = verifyWasm(graph, (await linked(band ? { band } : {})).model, images);
            assert.equal(
              { tier, band, ...result },
              { tier, band, samples: 7, equal: 7, firstDifference: null, accuracy: null },
            );
          }
        }
    }),
    { numRuns: 12, endOnFailure: true },
  );
  const wanted = Object.keys(ops).filter((op) => op !== 'accumulate');
  for (const what of [...wanted, 'accumulate fire', 'accumulate charge', 'accumulate readout'])
    assert.ok(seen.has(what), `no random graph had a ${what}`);
});

test('a module writes all of its tensors, and nothing outside of the predicted arena', async () => {
  for (const [seed, tier] of [11, 12].flatMap((seed) => tiers.map((tier) => [seed, tier] as const))) {
    const graph = randomGraph(seeded(seed), 8);
    for (const choices of [plainChoices, randomChoices(graph, tier, seeded(seed))]) {
      const linked = await compiled(graph, tier, choices);
      for (const band of choices === plainChoices ? bands : [1, undefined]) {
        const { model, plan } = await linked(band ? { band } : {});
        const [arena, arenaBytes] = model.description.arena;
        const memory = new Uint8Array(model.memory.buffer);
        assert.is(arenaBytes, plan.arenaBytes);
        assert.is(memory.length, Math.ceil((arena + arenaBytes) / 65536) * 65536, 'exact number of pages');
        const constants = memory.slice(0, arena);
        // How much working memory is written depends on the spikes.
        const needed = new Uint8Array(memory.length - arena);
        for (const { offset, bytes } of plan.buffers.values()) needed.fill(1, offset, offset + bytes);
        const allowed = needed.slice();
        for (const { offset, bytes } of [...plan.scratch.values(), ...plan.kept.values()])
          allowed.fill(1, offset, offset + bytes);
        // A byte that keeps two different patterns was never written.
        const kept = [0xa5, 0x5a].map((pattern) => {
          memory.fill(pattern, arena);
          model.infer(randomPixels(graph, seeded(seed), 1));
          return memory.slice(arena).map((byte) => Number(byte === pattern));
        });
        const written = needed.map((_, i) => Number(!(kept[0]![i] && kept[1]![i])));
        const at = written.findIndex((byte, i) => byte < needed[i]! || byte > allowed[i]!);
        assert.is(at, -1, `${tier}, band ${band}: byte ${at} of the arena`);
        assert.equal(memory.slice(0, arena), constants, 'constants are only read');
      }
    }
  }
});

test('a plan: every row a step reads still lies where it was written', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0 }),
      fc.constantFrom(...bands),
      fc.integer({ min: 4, max: 16 }),
      (seed, band, blocks) => {
        const graph = randomGraph(seeded(seed), blocks);
        prove(graph);
        simulate(graph, plan(graph, band ? { band } : {}));
      },
    ),
    { numRuns: 60 },
  );
});

/** Follows which row of which tensor every byte of the arena holds. */
function simulate(graph: Graph, { buffers, steps, scratch, kept, arenaBytes }: Plan): void {
  const names = Object.keys(graph.tensors);
  const holds = new Int32Array(arenaBytes).fill(-1);
  const at = (name: string, row: number) => {
    const { offset, rows, rowBytes } = buffers.get(name)!;
    const begin = offset + (row % rows) * rowBytes;
    assert.ok(begin + rowBytes <= arenaBytes, `${name} lies in the arena`);
    return { row: holds.subarray(begin, begin + rowBytes), tag: names.indexOf(name) * 65536 + row };
  };
  const write = (name: string, begin: number, end: number) => {
    for (let r = begin; r < end; r++) {
      const { row, tag } = at(name, r);
      row.fill(tag);
    }
  };
  const read = (name: string, begin: number, end: number) => {
    for (let r = begin; r < end; r++) {
      const { row, tag } = at(name, r);
      assert.ok(
        row.every((held) => held === tag),
        `row ${r} of ${name} was overwritten`,
      );
    }
  };
  write('input', 0, graph.tensors['input']!.shape[0]);
  const memoryOf = (index: number) => {
    const { offset, bytes } = kept.get(index) ?? { offset: 0, bytes: 0 };
    return holds.subarray(offset, offset + bytes);
  };
  const done = new Map<string, number>();
  for (const { node: index, row, rows } of steps) {
    const node = graph.nodes[index]!;
    const inputs = definition(node).inputs(node);
    const spans = definition(node).rows(node, graph, row, row + rows);
    // A sum may lie on its own residual, which is read value by value.
    const onTop = inputs.findIndex(
      (name, i) => i > 0 && buffers.get(name)!.offset === buffers.get(node.output)!.offset,
    );
    if (onTop > 0) read(inputs[onTop]!, ...spans[onTop]!);
    write(node.output, row, row + rows);
    const own = scratch.get(index) ?? { offset: 0, bytes: 0 };
    holds.fill(-1, own.offset, own.offset + own.bytes);
    // After the write: a kernel may write its first row before it reads its last.
    inputs.forEach((name, i) => {
      if (i !== onTop) read(name, ...spans[i]!);
    });
    assert.is(row, done.get(node.output) ?? 0, 'rows come in order');
    if (row === 0) memoryOf(index).fill(-2 - index);
    assert.ok(
      memoryOf(index).every((held) => held === -2 - index),
      `what ${node.name} keeps was overwritten`,
    );
    done.set(node.output, row + rows);
  }
  for (const { output } of graph.nodes) assert.is(done.get(output), graph.tensors[output]!.shape[0]);
  read(graph.nodes.at(-1)!.output, 0, 1);
}

test.run();
