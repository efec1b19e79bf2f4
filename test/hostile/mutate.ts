import { crc32 } from '../../models/index.js';
import { type Edit, mutated } from '../support/mutations.js';
import { below, pick, type Random } from '../support/random-graph.js';

/**
 * Damage by a seeded generator: blind edits of bytes, and edits that know JSON, so that deeper code is
 * reached.
 */
const words = [
  ...[0n, 1n, 255n, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn],
  ...[2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n],
];
const telling = [0, 1, 2, 0x7f, 0x80, 0xff, ...Buffer.from('0123456789-.eE"{}[],:()tuQRbcisXBTqhrj]')];

function edit(random: Random): Edit {
  const at = below(random, 2 ** 31);
  const length = 1 + below(random, 40);
  switch (below(random, 8)) {
    case 0:
      return { kind: 'word', at, value: pick(random, words), bytes: pick(random, [2, 4, 8] as const) };
    case 1:
      return { kind: 'cut', at };
    case 2:
      return { kind: 'delete', at, length };
    case 3:
      return { kind: 'insert', at, bytes: Uint8Array.from({ length }, () => below(random, 256)) };
    case 4:
      return { kind: 'copy', at, to: below(random, 2 ** 31), length: below(random, 8) ? length : 1 << 16 };
    case 5:
      return { kind: 'byte', at, value: pick(random, telling) };
    default:
      return { kind: 'byte', at, value: below(random, 256) };
  }
}

/** The bytes with 1 to 6 edits anywhere, or in front, where headers are. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const edits = Array.from({ length: 1 + below(random, below(random, 2) ? 2 : 6) }, () => edit(random));
  if (below(random, 3) || bytes.length < 128) return mutated(bytes, edits);
  const head = mutated(bytes.subarray(0, 64), edits);
  return new Uint8Array(Buffer.concat([head, bytes.subarray(64)]));
}

/** One of several originals, damaged. */
export const damagedOneOf = (originals: Uint8Array[], random: Random): Uint8Array =>
  damaged(pick(random, originals), random);

/** A splice: the start of one, the end of another. */
export function spliced(originals: Uint8Array[], random: Random): Uint8Array {
  const [a, b] = [pick(random, originals), pick(random, originals)];
  return new Uint8Array(
    Buffer.concat([a.subarray(0, below(random, a.length + 1)), b.subarray(below(random, b.length + 1))]),
  );
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const oddNumbers = [
  ...[-1, 0, 0.5, 1, 2, 3, 7, 8, 15, 16, 31, 32, 64, 127, 128, 255, 256, 65535, 65536, 2 ** 27, 2 ** 31 - 1],
  ...[2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1e300, 5e-324, -0.0],
];
const oddTexts = [
  ...[
    '',
    'input',
    'constructor',
    '__proto__',
    'toString',
    'accumulate',
    'membrane',
    'spikes',
    'i8',
    'u8',
    'charge',
  ],
  ...[
    '\0',
    '\x1b[2J',
    '\u202e',
    '\u2028',
    '../../x',
    'a/*b',
    '%s',
    "'",
    '"',
    '\\',
    '\ud800',
    'x'.repeat(5000),
  ],
];

function odd(random: Random): Json {
  switch (below(random, 6)) {
    case 0:
      return pick(random, oddTexts);
    case 1:
      return pick<Json>(random, [null, true, false, [], {}, [[]], [null], { a: 1 }]);
    default:
      return pick(random, oddNumbers);
  }
}

function nudged(value: Json, random: Random): Json {
  if (typeof value === 'number')
    return pick(random, [
      value + 1,
      value - 1,
      value * 2,
      Math.floor(value / 2),
      -value,
      value * 1.5,
      value + 0.5,
    ]);
  if (typeof value === 'string') return value + pick(random, oddTexts);
  return odd(random);
}

/** All objects and lists of a value. */
function containers(value: Json, found: (Json[] | { [key: string]: Json })[] = []) {
  if (typeof value !== 'object' || value === null) return found;
  if (Object.keys(value).length) found.push(value);
  for (const child of Object.values(value)) containers(child, found);
  return found;
}

/**
 * The value as JSON, with 1 to 3 of its parts changed: other values, parts that are absent, twice, elsewhere
 * or too deep.
 */
export function hostileJson(original: unknown, random: Random): string {
  const value = structuredClone(original) as Json;
  for (let changes = 1 + below(random, 3); changes; changes--) {
    const all = containers(value);
    if (!all.length) break;
    const place = pick(random, all) as { [key: string]: Json };
    const key = pick(random, Object.keys(place));
    const other = pick(random, all) as { [key: string]: Json };
    switch (below(random, 9)) {
      case 0:
        if (Array.isArray(place)) place.splice(Number(key), 1);
        else delete place[key];
        break;
      case 1:
        place[key] = structuredClone(other[pick(random, Object.keys(other))]!);
        break;
      case 2:
        if (Array.isArray(place)) place.push(structuredClone(place[key as unknown as number]!));
        else place[pick(random, oddTexts)] = structuredClone(place[key]!);
        break;
      case 3:
        if (Array.isArray(place)) place.reverse();
        else place[key] = odd(random);
        break;
      case 4:
      case 5:
        place[key] = odd(random);
        break;
      default:
        place[key] = nudged(place[key]!, random);
    }
  }
  return strangeText(JSON.stringify(value), random);
}

/** Text that no JSON.stringify writes: keys twice, numbers beyond all, deep nesting, very long texts. */
function strangeText(json: string, random: Random): string {
  switch (below(random, 40)) {
    case 0: {
      const [, key, value] = /("[^"]{1,40}"):("[^"]{0,40}"|-?[\d.]+)/.exec(json) ?? [];
      return key ? json.replace('{', `{${key}:${below(random, 2) ? value : '1e9'},`) : json;
    }
    case 1:
      return json.replace(
        /\d+/,
        pick(random, ['1e999', '-0', '1e-999', '9'.repeat(400), '0x10', '01', 'NaN']),
      );
    case 2: {
      const deep = pick(random, [100, 10_000, 200_000]);
      return json.replace(/\d+|"[^"]*"(?!:)/, `${'['.repeat(deep)}${']'.repeat(deep)}`);
    }
    case 3:
      return json.replace(/"[^"]*"(?!:)/, `"${'x'.repeat(1 << pick(random, [8, 16, 20]))}"`);
    case 4:
      return `\ufeff${json}`;
    case 5:
      return json.slice(0, below(random, json.length));
    default:
      return json;
  }
}

/** A generator for one input of one reader. */
export const seedOf = (seed: number, reader: string, index: number): number =>
  crc32(new TextEncoder().encode(`${seed} ${reader} ${index}`));
