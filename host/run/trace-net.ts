import { SpikeletError } from '../../models/error.js';
import { isNeuron, type Net, netShapes } from '../../models/net.js';
import { netRunner } from '../../models/run.js';
import { readSafetensors } from '../../models/safetensors.js';
import { product, type Shape, type Tensor, toFloat32 } from '../../models/tensor.js';

/**
 * What a Net computes on given images, in PyTorch's layout, for comparison with a reference: `logits` [N,
 * classes], and for the first image every neuron's spike counts under the neuron's name.
 */
export type Trace = Map<string, Tensor>;

/** The tensor `input` of a .safetensors file. Throws a SpikeletError that begins with `label`. */
export function readTraceInput(bytes: Uint8Array, label: string): Tensor {
  const { tensors } = readSafetensors(bytes, label);
  const input = tensors.get('input');
  if (!input)
    throw new SpikeletError(
      `${label} has no tensor 'input', only ${[...tensors.keys()].slice(0, 8).join(', ') || 'none'}`,
      { hint: "'input' holds the normalised images, [N, C, H, W] in float32" },
    );
  return input;
}

/**
 * Runs normalised images [N, C, H, W] of any size that the net takes. Spikes are u8 [1, C, H, W] or,
 * depending on the neuron's rank in the reference, [1, C, H * W] or [1, C]. Throws if the images do not fit
 * the net.
 */
export function traceNet(
  net: Net,
  input: Tensor,
  onProgress?: (done: number, images: number) => void,
): Trace {
  const shape = imageShape(net, input);
  const run = netRunner(net, shape);
  const images = input.shape[0]!;
  const classes = net.classes.length;
  const logits = new Float32Array(images * classes);
  const trace: Trace = new Map([['logits', { shape: [images, classes], data: logits }]]);
  for (let n = 0; n < images; n++) {
    const result = run(imageOf(input, n), (node, value) => {
      if (n > 0 || !isNeuron(node)) return;
      const [rows, columns, channels] = value.shape;
      const place = { 4: [rows, columns], 3: [rows * columns], 2: [] }[node.rank ?? 4];
      trace.set(node.name, {
        shape: [1, channels, ...place],
        data: channelsFirst(value.data as Uint8Array, channels),
      });
    });
    logits.set(result, n * classes);
    onProgress?.(n + 1, images);
  }
  return trace;
}

function imageShape(net: Net, { shape, data }: Tensor): Shape {
  const channels = net.input.shape[2];
  const wanted = `net '${net.name}' takes images [N, ${channels}, H, W]`;
  if (shape.length !== 4 || product(shape) !== data.length)
    throw new SpikeletError(`${wanted}, 'input' is [${shape}]`);
  const [, found, height, width] = shape as [number, number, number, number];
  if (found !== channels) throw new SpikeletError(`${wanted}, 'input' has ${found} channels`);
  if (data.length === 0) throw new SpikeletError(`'input' is [${shape}]: it is empty`);
  if (!toFloat32(data).every(Number.isFinite)) throw new SpikeletError("'input' holds NaN or infinity");
  const image: Shape = [height, width, channels];
  const logits = netShapes(net, image).get(net.nodes.at(-1)!.name)!;
  if (product(logits) !== net.classes.length)
    throw new SpikeletError(`${wanted}, but on ${height} x ${width} images it computes [${logits}]`);
  return image;
}

/** Image n of [N, C, H, W] as [row][column][channel]. */
export function imageOf({ shape, data }: Tensor, n: number): Float32Array {
  const [, channels, height, width] = shape as [number, number, number, number];
  const positions = height * width;
  const image = new Float32Array(channels * positions);
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < positions; p++)
      image[p * channels + c] = Number(data[(n * channels + c) * positions + p]);
  return image;
}

/** Transposes [position][channel] to [channel][position]. */
function channelsFirst(values: Uint8Array, channels: number): Uint8Array {
  const positions = values.length / channels;
  const moved = new Uint8Array(values.length);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) moved[c * positions + p] = values[p * channels + c]!;
  return moved;
}
