// Test gestures for the page: what they show, and their raw pixels in base64.
import { writeFile } from 'node:fs/promises';
import { loadDataset } from 'spikelet';

const { test, shape, classes } = await loadDataset('gestures:train=8,test=80');
const size = shape.reduce((a, b) => a * b);
const frames = Array.from({ length: 8 }, (_, i) => ({
  gesture: classes[test.labels[i]],
  data: Buffer.from(test.images.subarray(i * size, (i + 1) * size)).toString('base64'),
}));
await writeFile(process.argv[2], JSON.stringify({ shape, classes, frames }));
