import { join } from 'node:path';
import { percent } from '../../host/report/text.js';
import { shared } from '../support/shared.js';
import { folder, result, verdict } from './cli.js';

/**
 * `npm run bench -- nano`: an E-SpikeFormer of the nano class, trained on Fashion-MNIST by the command line,
 * then at 8, 6 and 4 bits on all 10,000 test images, WebAssembly against the interpreter at every tensor.
 * About 15 minutes of CPU.
 */
const data = shared('data/fashion-mnist');
if (!data) {
  console.log('skipped: ../shared/data/fashion-mnist is absent');
  process.exit();
}
const spec = `fashion-mnist=${data}`;
const EPOCHS = 5;

// The wide early stages keep a 28x28 image alive.
const trained = join(folder, 'nano.safetensors');
const { accuracy, density, parameters } = await result<{
  accuracy: number;
  density: number;
  parameters: number;
}>(
  ...['train', '--model', 'espikeformer-nano', '--dims', '24,24,32,32', '--data', spec],
  ...['--epochs', String(EPOCHS), '--seed', '1', '--out', trained],
);
verdict(
  `${parameters} parameters, ${EPOCHS} epochs, density ${percent(density)}`,
  percent(accuracy, 2),
  '>= 87 %',
  accuracy >= 0.87,
);

type Quantized = { bytes: number; agreement: number; sqnr: number | null; layers: { equal: number }[] };
type Verified = { samples: number; equal: number; accuracy: { graph: number; wasm: number } };

for (const [bits, allowed] of [
  [8, 0.005],
  [6, 0.01],
  [4, 0.02],
] as const) {
  const graph = join(folder, `nano-${bits}.safetensors`);
  const { bytes, agreement, sqnr, layers } = await result<Quantized>(
    ...['quantize', trained, '--data', spec, '--bits', String(bits), '--out', graph, '--count', '1000'],
  );
  const verified = await result<Verified>(
    ...['verify', graph, '--against', 'wasm', '--data', spec, '--count', '10000'],
  );
  const loss = accuracy - verified.accuracy.wasm;
  const equal = layers.reduce((sum, layer) => sum + layer.equal, 0) / layers.length;
  console.log(
    `           ${bytes} B; on 1,000 images: same class ${percent(agreement, 2)}, spikes equal ${percent(equal, 2)}, ` +
      `SQNR ${sqnr?.toFixed(1)} dB`,
  );
  verdict(
    `${bits} bits on 10,000 images, ${percent(verified.accuracy.wasm, 2)}`,
    `${(100 * loss).toFixed(2)} points below float`,
    `<= ${100 * allowed}`,
    loss <= allowed,
  );
  verdict(
    'equal at every tensor',
    `${verified.equal} of ${verified.samples}`,
    'all',
    verified.equal === verified.samples && verified.samples === 10_000,
  );
}
