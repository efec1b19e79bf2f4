// `node frame.mjs GRAPH FRAMES OUT`: one frame as the core takes it (i8, hexadecimal) in OUT/frame.hex, and the logits that the
// reference interpreter computes of it in OUT/expected.txt.
import { readFile, writeFile } from 'node:fs/promises';
import { interpret, pixelTable, rawToPixels, readGraph } from 'spikelet/models';

const [graphFile, frames, out] = process.argv.slice(2);
const graph = readGraph(await readFile(graphFile));
const size = graph.tensors.input.shape.reduce((a, b) => a * b);
const pixels = rawToPixels(pixelTable(graph), (await readFile(frames)).subarray(0, size));
const hex = Array.from(pixels, (value) => (value & 255).toString(16).padStart(2, '0'));
await writeFile(`${out}/frame.hex`, `${hex.join('\n')}\n`);
const logits = Array.from(interpret(graph, pixels), (value, i) => `logit ${i} ${value}\n`);
await writeFile(`${out}/expected.txt`, logits.join(''));
