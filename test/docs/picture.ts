import { z } from 'zod';
import { markupText } from '../../models/text/markup.js';

/**
 * docs/spikes.svg: one gesture through the layers of the demo's net. docs/spikes.json holds what it draws.
 */
const layer = z.strictObject({
  name: z.string(),
  /** What the whole layer has; `maps` are some of its channels. */
  shape: z.tuple([z.number(), z.number(), z.number()]),
  /** Share of neurons that are silent. */
  silent: z.number(),
  /** Counts of a channel, row by row, a hexadecimal digit each. */
  maps: z.array(z.string().regex(/^[0-9a-f]+$/)),
});

const picture = z.strictObject({
  command: z.string(),
  gesture: z.string(),
  /** ON and OFF counts. */
  input: layer,
  layers: z.array(layer).min(1),
  classes: z.array(z.strictObject({ name: z.string(), logit: z.number() })).min(2),
});

export type Picture = z.infer<typeof picture>;
export const readPicture = (text: string): Picture => picture.parse(JSON.parse(text));

/** A picture's file, a line for each map. */
export const pictureText = (drawn: Picture): string => `${JSON.stringify(drawn, null, 1)}\n`;

/** Squares of one colour as a path, `size` units each. */
function squares(map: string, side: number, size: number, wanted: (count: number) => boolean): string {
  let path = '';
  for (let i = 0; i < map.length; i++) {
    if (!wanted(Number.parseInt(map[i]!, 16))) continue;
    const [x, y] = [(i % side) * size, Math.floor(i / side) * size];
    path += `M${round(x)} ${round(y)}h${round(0.92 * size)}v${round(0.92 * size)}h-${round(0.92 * size)}z`;
  }
  return path;
}

const round = (value: number) => Math.round(100 * value) / 100;

/** Spike counts 1 to 4 and more. */
const heat = ['#1f6f8b', '#2fa7a0', '#f2c14e', '#ff7b54'];

/** A card of one map: a dark square with a mark for each neuron that fires. */
function spikeCard(map: string, side: number, edge: number): string {
  const size = edge / side;
  const marks = heat.map((colour, i) => {
    const path = squares(map, side, size, (count) => (i === 3 ? count >= 4 : count === i + 1));
    return path ? `<path fill="${colour}" d="${path}"/>` : '';
  });
  return `<rect width="${edge}" height="${edge}" rx="4" class="card"/>${marks.join('')}`;
}

/** The camera's frame: ON warm, OFF cold, brighter where there were more events. */
function eventCard(on: string, off: string, side: number, edge: number): string {
  const size = edge / side;
  const bands: [number, number, number][] = [
    [1, 2, 0.45],
    [3, 5, 0.75],
    [6, 15, 1],
  ];
  const layerOf = (map: string, colour: string) =>
    bands
      .map(([least, most, opacity]) => {
        const path = squares(map, side, size, (count) => count >= least && count <= most);
        return path ? `<path fill="${colour}" opacity="${opacity}" d="${path}"/>` : '';
      })
      .join('');
  return `<rect width="${edge}" height="${edge}" rx="4" class="card"/>${layerOf(off, '#5aa9ff')}${layerOf(on, '#ff9e64')}`;
}

const WIDTH = 1060;
const HEIGHT = 424;
const TOP = 84;

/** The picture, with its own background: it reads on light and dark pages. */
export function pictureSvg({ gesture, input, layers, classes }: Picture): string {
  const text = (x: number, y: number, look: string, words: string) =>
    `<text x="${round(x)}" y="${round(y)}" class="${look}">${markupText(words)}</text>`;
  const at = (x: number, y: number, inner: string) =>
    `<g transform="translate(${round(x)} ${round(y)})">${inner}</g>`;
  const out: string[] = [];
  const edge = 168;
  let x = 34;
  out.push(at(x, TOP, eventCard(input.maps[0]!, input.maps[1]!, input.shape[1], edge)));
  out.push(text(x, TOP - 12, 'head', 'events'));
  out.push(text(x, TOP + edge + 20, 'note', `${input.shape.join(' x ')}, ON and OFF`));
  x += edge + 44;
  const small = 78;
  for (const { shape, silent, maps } of layers) {
    out.push(arrow(x - 34, TOP + edge / 2, 24));
    const columns = Math.ceil(maps.length / 2);
    maps.forEach((map, i) => {
      const place = [x + (i % columns) * (small + 10), TOP + Math.floor(i / columns) * (small + 12)] as const;
      out.push(at(...place, spikeCard(map, shape[1], small)));
    });
    const wide = columns * (small + 10) - 10;
    out.push(text(x, TOP - 12, 'head', `${shape[2]} maps of spikes`));
    out.push(
      text(x, TOP + edge + 20, 'note', `${shape[0]} x ${shape[1]}, ${Math.round(100 * silent)} % silent`),
    );
    x += wide + 44;
  }
  out.push(arrow(x - 34, TOP + edge / 2, 24));
  out.push(text(x, TOP - 12, 'head', 'the net says'));
  const logits = classes.map(({ logit }) => logit);
  const [least, most] = [Math.min(...logits), Math.max(...logits)];
  const pitch = edge / classes.length;
  classes.forEach(({ name, logit }, i) => {
    const y = TOP + i * pitch;
    const best = logit === most;
    const long = 6 + (58 * (logit - least)) / (most - least);
    out.push(
      `<rect x="${round(x)}" y="${round(y + 3)}" width="${round(long)}" height="${round(pitch - 7)}" rx="3" fill="${best ? '#ff7b54' : '#2a3a4a'}"/>`,
    );
    out.push(text(x + 72, y + pitch / 2 + 4, best ? 'best' : 'name', name));
  });
  out.push(text(x, TOP + edge + 20, 'note', `shown: ${gesture}`));
  out.push(...targets());
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="One gesture as events, as spikes in the layers of a small net, and as a class; the same integers in WebAssembly, C and Verilog">`,
    "<style>text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#9fb0c3}.head{font-weight:600;fill:#e6edf3}.note{font-size:12px}.name{font-size:12px}.best{font-size:12px;font-weight:700;fill:#ff9e64}.title{font-size:17px;font-weight:700;fill:#e6edf3}.card{fill:#0a0f14;stroke:#24303c}.target{fill:#16202a;stroke:#2fa7a0}.mid{text-anchor:middle}.wire{fill:none;stroke:#4b5b6b;stroke-width:1.5}</style>",
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="14" fill="#10161d"/>`,
    text(34, 42, 'title', 'A gesture, the spikes it causes, and the same integers everywhere'),
    ...legend(),
    ...out,
    '</svg>',
    '',
  ].join('\n');
}

const arrow = (x: number, y: number, long: number): string =>
  `<path class="wire" d="M${round(x)} ${round(y)}h${long}m-6 -5l6 5l-6 5"/>`;

function legend(): string[] {
  const right = WIDTH - 34;
  return heat
    .flatMap((colour, i) => {
      const x = right - (heat.length - i) * 44;
      return [
        `<rect x="${x}" y="32" width="11" height="11" rx="2" fill="${colour}"/>`,
        `<text x="${x + 16}" y="42" class="note">${i + 1}</text>`,
      ];
    })
    .concat(`<text x="${right - 4 * 44 - 116}" y="42" class="note">spikes of a neuron</text>`);
}

/** What a Graph becomes. */
function targets(): string[] {
  const y = 330;
  const list = [
    ['WebAssembly', 'browser, Node, workers'],
    ['C firmware', 'Cortex-M, RISC-V, Arduino, ESP-IDF'],
    ['Verilog', 'iCE40, ECP5, Artix-7, Gowin'],
  ] as const;
  const wide = 310;
  const gap = (WIDTH - 68 - list.length * wide) / (list.length - 1);
  return [
    `<text x="34" y="${y - 20}" class="head">one integer graph, every tensor equal on</text>`,
    ...list.map(([name, what], i) => {
      const x = round(34 + i * (wide + gap));
      return `<rect x="${x}" y="${y}" width="${wide}" height="62" rx="10" class="target"/><text x="${x + wide / 2}" y="${y + 27}" class="head mid">${name}</text><text x="${x + wide / 2}" y="${y + 46}" class="note mid">${what}</text>`;
    }),
  ];
}
