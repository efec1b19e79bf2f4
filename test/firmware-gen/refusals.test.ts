import binaryen from 'binaryen';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readWasm } from '../../firmware-gen/model/read.js';
import { printModel } from '../../host/toolchain/model.js';
import { SpikeletError } from '../../models/index.js';
import { planModel } from '../../wasm/plan-model.js';
import { compileHere, runHere } from '../support/firmware-host.js';
import { removeFolders } from '../support/firmware-project.js';
import { gcc32 } from '../support/needs.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';
import { randomPixels } from '../support/wasm-models.js';

type Build = (module: binaryen.Module) => number;
const { i32, none, createType } = binaryen;

/** A module with one exported function of one i32, made by `build`. */
function moduleOf(build: Build, vars: number[] = []): Uint8Array {
  const module = new binaryen.Module();
  try {
    module.setFeatures(binaryen.Features.All);
    module.setMemory(1, 1, 'memory', [], true);
    module.addFunctionImport('sink', 'env', 'sink', createType([i32]), none);
    module.addFunction('odd', createType([i32]), none, vars, build(module));
    module.addFunctionExport('odd', 'infer');
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

const use = (module: binaryen.Module, value: number) => module.call('sink', [value], none);
const at = (module: binaryen.Module) => module.local.get(0, i32);

/** What the kernels do not have, and what the error calls it. */
const refused: Record<string, [build: Build, named: RegExp, vars?: number[]]> = {
  float: [(m) => use(m, m.i32.trunc_s_sat.f32(m.f32.sqrt(m.f32.load(0, 4, at(m))))), /the unary operation/],
  'a 64-bit value': [(m) => use(m, m.i32.wrap(m.i64.clz(m.i64.load(0, 8, at(m))))), /the unary operation/],
  'a 64-bit local': [
    (m) =>
      m.block(null, [
        m.local.set(1, m.i64.load(0, 8, at(m))),
        m.i64.store(0, 8, at(m), m.local.get(1, binaryen.i64)),
      ]),
    /a load of another type|the expression/,
    [binaryen.i64],
  ],
  vectors: [
    (m) => use(m, m.i32x4.extract_lane(m.v128.load(0, 16, at(m)), 1)),
    /a load of another type|the expression/,
  ],
  'an atomic load': [(m) => use(m, m.i32.atomic.load(0, at(m))), /an atomic load/],
  'an atomic addition': [(m) => use(m, m.i32.atomic.rmw.add(0, at(m), m.i32.const(1))), /AtomicRMW/],
  'memory that grows': [(m) => use(m, m.memory.grow(at(m))), /MemoryGrow/],
  'a bulk copy': [(m) => m.memory.copy(at(m), m.i32.const(0), m.i32.const(64)), /MemoryCopy/],
  'a trap': [(m) => m.if(at(m), m.unreachable()), /Unreachable/],
  'counted zeros': [(m) => use(m, m.i32.clz(at(m))), /the unary operation/],
  rotation: [(m) => use(m, m.i32.rotl(at(m), at(m))), /the binary operation/],
};

for (const [name, [build, named, vars]] of Object.entries(refused))
  test(`${name} is refused, with the function and the instruction named`, () => {
    assert.throws(
      () => readWasm(moduleOf(build, vars)),
      (error: unknown) =>
        error instanceof SpikeletError && named.test(error.message) && /swar/.test(error.hint!),
    );
  });

test('integers are read', () => {
  const { functions } = readWasm(moduleOf((m) => use(m, m.i32.mul(m.i32.load16_s(2, 2, at(m)), at(m)))));
  assert.is(functions.length, 1);
});

test('a model planned for vectors, or with its weights outside, is refused', async () => {
  const graph = randomGraph(seeded(3), 4);
  for (const options of [{ tier: 'simd' as const }, { tier: 'swar' as const, weights: 'outside' as const }])
    await printModel(planModel(graph, options)).then(
      () => assert.unreachable(),
      (error: unknown) =>
        assert.ok(error instanceof SpikeletError && /swar/.test(error.hint!), String(error)),
    );
});

(await testWith([gcc32]))(
  'a checked build stops at a write outside of the arena and names the layer',
  async () => {
    const graph = randomGraph(seeded(5), 6);
    const files = await printModel(planModel(graph, { tier: 'swar' }));
    const images = randomPixels(graph, seeded(1), 0.5);
    for (const i of [0, graph.nodes.length - 2]) {
      const node = graph.nodes[i]!;
      const broken = files.map((file) => {
        if (file.path !== 'constants.c') return file;
        let seen = 0;
        const contents = (file.contents as string).replace(/\.y = ARENA\(\d+\)/g, (text) =>
          seen++ === i ? '.y = ARENA(SPIKELET_ARENA_BYTES)' : text,
        );
        assert.is(seen, graph.nodes.length);
        return { ...file, contents };
      });
      const program = await compileHere(broken, ['SPIKELET_CHECKED']);
      const { status, stderr } = runHere(program, images);
      assert.is(status, 3);
      assert.is(String(stderr), `trap in ${node.name}\n`);
    }
  },
);

test('the C keeps to what it says: no library, no gotos in the code of layers', async () => {
  const files = await printModel(planModel(randomGraph(seeded(7), 8), { tier: 'swar' }));
  const code = files.find(({ path }) => path === 'model.c')!.contents as string;
  assert.equal([...code.matchAll(/#include .*/g)].map(String), ['#include "spikelet-model.h"']);
  assert.not.match(code, /\bgoto\b/);
});

test.after(removeFolders);
test.run();
