// `node frames.mjs OUT COUNT`: raw pixels of the first test gestures, one frame after the other, and prints what they show.
import { writeFile } from 'node:fs/promises';
import { loadDataset } from 'spikelet';

const [out = 'frames.bin', count = '8'] = process.argv.slice(2);
const { test, shape, classes } = await loadDataset('gestures:train=8,test=80');
const bytes = Number(count) * shape.reduce((a, b) => a * b);
await writeFile(out, test.images.subarray(0, bytes));
for (let i = 0; i < Number(count); i++) console.log(`frame ${i} shows: ${classes[test.labels[i]]}`);
