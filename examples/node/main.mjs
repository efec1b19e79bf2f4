// Train, quantize, compile, verify, run. Everything after the training happens in this process.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { emitBuild, loadDataset, loadWasm, verifyWasm } from 'spikelet';
import { argmax, normalise, pixelTable, rawImage, rawToPixels, readNet, writeGraph } from 'spikelet/models';
import { quantize } from 'spikelet/quantize';

const SPEC = 'gestures:train=640,test=80';
const build = fileURLToPath(new URL('build/', import.meta.url));
await mkdir(build, { recursive: true });

const net = `${build}net.safetensors`;
const options = ['--epochs', '6', '--batch', '32', '--learning-rate', '0.008', '--out', net, '--force'];
execFileSync('npx', ['spikelet', 'train', '--model', 'mini', '--data', SPEC, ...options], {
  stdio: 'inherit',
});

const trained = readNet(await readFile(net));
const { train, test, shape, classes } = await loadDataset(SPEC);
const calibration = Array.from({ length: 64 }, (_, i) => normalise(rawImage(train, shape, i), trained.input));
const graph = quantize(trained, calibration, { bits: 8 });
await writeFile(`${build}graph.safetensors`, writeGraph(graph));

const { files } = await emitBuild(graph);
const model = loadWasm(files.find(({ path }) => path === 'model.wasm').contents);
const table = pixelTable(graph);
const images = Array.from({ length: 40 }, (_, i) => rawToPixels(table, rawImage(test, shape, i)));
const { equal } = verifyWasm(graph, model, images);
console.log(`${equal} of ${images.length} samples equal`);
for (const [i, pixels] of images.slice(0, 8).entries())
  console.log(
    `gesture ${i}: ${classes[test.labels[i]]}, the net says ${classes[argmax(model.infer(pixels))]}`,
  );
