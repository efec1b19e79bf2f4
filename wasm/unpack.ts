/**
 * Counts of `places` positions as bytes; packed, two share a byte, the lower channel in the lower half
 * (assembly/counts.ts).
 */
export function unpackCounts(packed: Uint8Array, places: number, channels: number): Uint8Array {
  const counts = new Uint8Array(places * channels);
  const bytes = Math.ceil(channels / 2);
  for (let place = 0, at = 0; place < places; place++)
    for (let c = 0; c < channels; c++)
      counts[at++] = (packed[place * bytes + (c >> 1)]! >> ((c & 1) * 4)) & 15;
  return counts;
}
