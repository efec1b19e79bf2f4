import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Board, boardOf, memoryOf } from '../../firmware-gen/boards/index.js';
import { fitOn, ramFor, reserved, shellRam } from '../../firmware-gen/fits.js';
import { placeOn, placer, requirePlace } from '../../firmware-gen/plan-board.js';
import { prove, SpikeletError } from '../../models/index.js';
import { zooNet } from '../support/nets.js';
import { graphLike, randomGraph, seeded } from '../support/random-graph.js';

const graph = randomGraph(seeded(31), 9);
prove(graph);
const roomy = boardOf('mps2-an386');

/** A board like this one, with as many bytes in its memories. */
const sized = (board: Board, sizes: Record<string, number>): Board => ({
  ...board,
  memories: board.memories.map((memory) => ({ ...memory, bytes: sizes[memory.name] ?? memory.bytes })),
});

test('a model fits where the last byte is used, and not in one byte less', () => {
  const model = { weights: 50_000, constants: 3_000, arena: 20_000, code: 9_000, layers: 9 };
  const flash = reserved.code + model.code + model.constants + model.weights;
  const ram = model.arena + shellRam(model.layers) + roomy.stackBytes;
  const exact = sized(roomy, { ssram1: flash, ssram23: ram, psram: 0 });
  assert.is(fitOn(exact, model).problem, undefined);
  assert.match(fitOn(sized(exact, { ssram23: ram - 1 }), model).problem!, `${ram} B of RAM, 1 B more`);
  assert.match(fitOn(sized(exact, { ssram1: flash - 1 }), model).problem!, `${flash} B of flash, 1 B more`);
});

test('weights go to a separate memory only where they do not fit next to the code', () => {
  const model = { weights: 50_000, constants: 3_000, arena: 20_000, code: 9_000, layers: 9 };
  assert.is(fitOn(roomy, model).weightsIn, 'ssram1');
  const small = sized(roomy, { ssram1: reserved.code + 12_000, psram: 50_000 });
  const fit = fitOn(small, model);
  assert.is(fit.problem, undefined);
  assert.is(fit.weightsIn, 'psram');
  assert.equal(fit.beside, { used: 50_000, bytes: 50_000 });
  assert.ok(fitOn(sized(small, { psram: 49_999 }), model).problem);
});

test('a board with less RAM gets a smaller plan, and one with too little is refused with what would fit', () => {
  const fastest = placeOn(roomy, graph);
  const others = roomy.stackBytes + shellRam(graph.nodes.length);
  const tight = sized(roomy, { ssram23: fastest.model.arena - 64 + others });
  const smaller = placeOn(tight, graph);
  assert.is(smaller.fit.problem, undefined);
  assert.ok(
    smaller.model.arena <= ramFor(tight, graph.nodes.length) && smaller.model.arena < fastest.model.arena,
  );
  assert.is(smaller.planned.plan.arenaBytes, smaller.model.arena);
  assert.throws(
    () => requirePlace(sized(roomy, { ssram23: others + 16 }), graph),
    (error: unknown) =>
      error instanceof SpikeletError &&
      /does not fit on mps2-an386: stack and program leave 16 B of RAM: the smallest plan takes \d+ B$/.test(
        error.message,
      ) &&
      /it fits on .*rp2040[\w, -]*$/.test(error.hint!),
  );
  assert.throws(
    () => requirePlace(sized(roomy, { ssram1: reserved.code, psram: 0 }), graph),
    (error: unknown) =>
      error instanceof SpikeletError &&
      /B of flash, \d+ B more than available/.test(error.message) &&
      /fewer --bits would not help/.test(error.hint!),
  );
  assert.throws(
    () => requirePlace(roomy, graph, { ram: 16 }),
    (error: unknown) =>
      error instanceof SpikeletError &&
      /on mps2-an386: --ram allows 16 B of RAM: the smallest/.test(error.message) &&
      error.hint!.includes(`--ram ${memoryOf(roomy, roomy.ram).bytes - others}`),
  );
});

test('placing on one board after the other gives what each alone gives, errors too', () => {
  const graph = graphLike(zooNet('mini', [96, 96, 1], 3, { widths: [4, 8] }), seeded(1));
  prove(graph);
  const said = (place: () => unknown): string => {
    try {
      return JSON.stringify(place());
    } catch (error) {
      assert.instance(error, SpikeletError);
      return (error as Error).message;
    }
  };
  const place = placer(graph);
  // The least RAM last and again: by then the smallest plan is known.
  const some = ['mps2-an386', 'rp2040', 'microbit', 'microbit'].map((name) => boardOf(name));
  const found = some.map((board) => said(() => place(board).fit));
  assert.equal(
    found,
    some.map((board) => said(() => placeOn(board, graph).fit)),
  );
  assert.match(found.at(-1)!, /the smallest plan takes/);
});

test.run();
