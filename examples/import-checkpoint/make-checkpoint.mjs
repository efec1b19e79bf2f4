// Writes the state_dict of a small spiking net as .safetensors, in the names that the PyTorch module has. In PyTorch it is
//   safetensors.torch.save_file(model.state_dict(), 'checkpoint.safetensors')   or   torch.save(model.state_dict(), 'checkpoint.pth')
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createNet, writeSafetensors } from 'spikelet/models';

const path = process.argv[2] ?? 'build/checkpoint.safetensors';
let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const classes = Array.from({ length: 8 }, (_, i) => String(i));
// Random weights: the net says nothing of use, but each step from here is what a trained one takes.
const net = createNet('mini', { shape: [32, 32, 2], mean: [0, 0], std: [1, 1] }, classes, random);
for (const { shape, data } of net.params.values())
  if (shape.length === 4) for (let i = 0; i < data.length; i++) data[i] *= 4;
await mkdir(dirname(path), { recursive: true });
await writeFile(path, writeSafetensors(net.params));
console.log(`${path}: ${net.params.size} tensors, such as ${[...net.params.keys()].slice(0, 3).join(', ')}`);
