import type { Shape } from '../../../../dist/models/index.js';

/** What a process needs to run one contestant. Plain data: it crosses a process boundary. */
export type Task = {
  engine: string;
  /** File of the model: .wasm, .onnx or a Net. */
  model: string;
  threads: number;
  shape: Shape;
  /** [row][column][channel]: normalised values in float32, or the Graph's pixels in int8. */
  images: (Float32Array | Int8Array)[];
};

/**
 * A model that is loaded: `run` computes the logits of one image, from input that is there to output in
 * JavaScript.
 */
export type Loaded = {
  run(image: number): Promise<ArrayLike<number>> | ArrayLike<number>;
  /** Threads it really has. */
  threads: number;
  /** Bytes of the engine that are needed besides the model: its WebAssembly or its native library. */
  runtimeBytes: number;
  /** Ops of the model as the engine optimised it and how often each occurs, where it tells. */
  ops?: () => Promise<Record<string, number>>;
};

export type Engine = (task: Task) => Promise<Loaded>;

/** An image [row][column][channel] as planes [channel][row][column]; pixels as uint8 about 128. */
export function planes(
  image: Float32Array | Int8Array,
  [rows, columns, channels]: Shape,
): Float32Array | Uint8Array {
  const positions = rows * columns;
  const at = (i: number) => image[(i % positions) * channels + Math.floor(i / positions)]!;
  return image instanceof Float32Array
    ? Float32Array.from(image, (_, i) => at(i))
    : Uint8Array.from(image, (_, i) => at(i) + 128);
}
