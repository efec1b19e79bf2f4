/**
 * Mean and standard deviation per channel of raw pixels [image][row][column][channel], each pixel p as p /
 * 255. Exact sums: the pixels are counted by value before anything is divided.
 */
export function channelStatistics(images: Uint8Array, channels: number): { mean: number[]; std: number[] } {
  const histogram = Array.from({ length: channels }, () => new Float64Array(256));
  for (let c = 0; c < channels; c++) {
    const counts = histogram[c]!;
    for (let i = c; i < images.length; i += channels) counts[images[i]!]!++;
  }
  const mean: number[] = [];
  const std: number[] = [];
  const samples = images.length / channels;
  for (const counts of histogram) {
    let sum = 0;
    let squares = 0;
    counts.forEach((count, value) => {
      sum += count * value;
      squares += count * value * value;
    });
    const m = sum / samples;
    mean.push(m / 255);
    std.push(Math.sqrt(Math.max(0, squares / samples - m * m)) / 255);
  }
  return { mean, std };
}
