import * as assert from 'uvu/assert';
import { definition, type Graph, type Plan } from '../../models/index.js';

/** Follows which row of which tensor every byte of the arena holds. */
export function simulatePlan(graph: Graph, { buffers, steps, scratch, kept, arenaBytes }: Plan): void {
  const names = Object.keys(graph.tensors);
  const holds = new Int32Array(arenaBytes).fill(-1);
  const at = (name: string, row: number) => {
    const { offset, rows, rowBytes } = buffers.get(name)!;
    const begin = offset + (row % rows) * rowBytes;
    assert.ok(begin + rowBytes <= arenaBytes, `${name} is in the arena`);
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
    // A sum may overwrite its own residual, which is read value by value.
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
