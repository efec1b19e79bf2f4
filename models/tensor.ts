/** A tensor outside any graph: a parameter, a vector, a trace. Row-major, last dimension fastest. */
export type Tensor = { shape: number[]; data: TensorData };

export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** [rows, columns, channels] of one activation. */
export type Shape = [number, number, number];

export const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

export const float32 = (shape: number[], data?: ArrayLike<number>): Tensor => {
  const values = data ? Float32Array.from(data) : new Float32Array(product(shape));
  if (values.length !== product(shape))
    throw new RangeError(`${values.length} values do not fill shape [${shape}]`);
  return { shape, data: values };
};

/** Any numeric tensor data as float32 (exact for every integer a network file holds in practice). */
export const toFloat32 = (data: TensorData): Float32Array => {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number);
  return Float32Array.from(data);
};
