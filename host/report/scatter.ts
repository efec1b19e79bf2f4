import { markupText as escapeText } from '../../models/text/markup.js';
import { type Box, placeLabels } from './labels.js';

/** A scatter plot on two logarithmic axes as SVG, readable on light and dark. Pure. */
export type Scatter = {
  title: string;
  subtitle: string;
  x: Axis;
  y: Axis;
  marks: Mark[];
  /** Legend entries, drawn to the right of the plot. */
  legend: LegendEntry[];
  /** Corners of a stepped line, in ascending x. */
  front: Place[];
  /** A named limit on the x axis. */
  limit?: { x: number; name: string };
};

export type Place = { x: number; y: number };

export type Axis = { title: string; format(value: number): string };

export const shapes = ['circle', 'square', 'triangle', 'diamond'] as const;
export type Shape = (typeof shapes)[number];

/** Colours that colour-blind people can tell apart (after Okabe and Ito), each for light and for dark. */
export const hues = [
  ['#0072b2', '#56b4e9'],
  ['#c04a00', '#f0a35e'],
  ['#007a59', '#35c99f'],
  ['#a3417a', '#e39bc6'],
  ['#6b5b00', '#d8c64a'],
  ['#444444', '#bbbbbb'],
] as const;

export type Mark = Place & {
  hue: number;
  shape: Shape;
  /** Tooltip of the mark. */
  tip: string;
  /** Drawn filled and larger; otherwise hollow. */
  full?: boolean;
  /** Start of a thin line to this mark. */
  from?: Place;
  label?: string;
};

/** A legend entry: the stepped line, or marks side by side, with or without colour. */
export type LegendEntry = { text: string; hue?: number; shapes?: Shape[]; full?: boolean; line?: boolean };

const [WIDTH, HEIGHT] = [880, 560];
const plot = { left: 74, right: 690, top: 66, bottom: 500 };
/** Average width of a label character. */
const CHARACTER = 5.8;

export function scatterSvg(chart: Scatter): string {
  const places = chart.marks.flatMap((mark) => [mark, ...(mark.from ? [mark.from] : [])]);
  const x = logScale(
    [...places.map((place) => place.x), ...(chart.limit ? [chart.limit.x] : [])],
    [plot.left, plot.right],
  );
  const y = logScale(
    places.map((place) => place.y),
    [plot.bottom, plot.top],
  );
  const at = (place: Place): [number, number] => [x.at(place.x), y.at(place.y)];
  const marks = chart.marks.filter(({ full }) => !full).concat(chart.marks.filter(({ full }) => full));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escapeText(chart.title)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="head" x="${plot.left}" y="26">${escapeText(chart.title)}</text>`,
    `<text class="small" x="${plot.left}" y="46">${escapeText(chart.subtitle)}</text>`,
    ...grid(chart, x, y),
    ...(chart.limit ? limitLine(chart.limit, x.at(chart.limit.x)) : []),
    `<path class="front" d="${steps(chart.front.map(at))}"/>`,
    ...marks.flatMap((mark) =>
      mark.from ? [`<path class="link h${mark.hue}" d="M${point(at(mark.from))}L${point(at(mark))}"/>`] : [],
    ),
    ...marks.map((mark) => markSvg(mark, at(mark))),
    ...labels(marks, at, chart),
    ...legendSvg(chart.legend),
    '</svg>',
  ].join('\n')}\n`;
}

type Scale = { at(value: number): number; ticks: { value: number; major: boolean }[] };

/**
 * A logarithmic axis over the values with some margin at both ends; ticks at 1, 2 and 5, or at each digit.
 */
function logScale(values: number[], [from, to]: [number, number]): Scale {
  const room = Math.max(1.12, (Math.max(...values) / Math.min(...values)) ** 0.05);
  const [low, high] = [Math.min(...values) / room, Math.max(...values) * room];
  const at = (value: number) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
  const all: number[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10)
    for (let digit = 1; digit < 10; digit++)
      if (digit * decade >= low && digit * decade <= high) all.push(digit * decade);
  const coarse = all.filter((value) =>
    [1, 2, 5].includes(Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))),
  );
  const named = new Set(coarse.length >= 3 ? coarse : all);
  return { at, ticks: all.map((value) => ({ value, major: named.has(value) })) };
}

function grid({ x: across, y: up }: Scatter, x: Scale, y: Scale): string[] {
  const { left, right, top, bottom } = plot;
  const middle = (top + bottom) / 2;
  return [
    ...x.ticks.map(
      ({ value, major }) =>
        `<path class="${major ? 'grid' : 'faint'}" d="M${round(x.at(value))} ${top}V${bottom}"/>`,
    ),
    ...y.ticks.map(
      ({ value, major }) =>
        `<path class="${major ? 'grid' : 'faint'}" d="M${left} ${round(y.at(value))}H${right}"/>`,
    ),
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}"/>`,
    ...x.ticks
      .filter(({ major }) => major)
      .map(
        ({ value }) =>
          `<text class="tick" text-anchor="middle" x="${round(x.at(value))}" y="${bottom + 17}">${escapeText(across.format(value))}</text>`,
      ),
    ...y.ticks
      .filter(({ major }) => major)
      .map(
        ({ value }) =>
          `<text class="tick" text-anchor="end" x="${left - 7}" y="${round(y.at(value) + 4)}">${escapeText(up.format(value))}</text>`,
      ),
    `<text text-anchor="middle" x="${(left + right) / 2}" y="${bottom + 40}">${escapeText(across.title)}</text>`,
    `<text text-anchor="middle" transform="translate(20 ${middle}) rotate(-90)">${escapeText(up.title)}</text>`,
  ];
}

const limitLine = ({ name }: { name: string }, x: number): string[] => [
  `<path class="limit" d="M${round(x)} ${plot.top}V${plot.bottom}"/>`,
  `<text class="small" text-anchor="end" transform="translate(${round(x - 5)} ${plot.top + 6}) rotate(-90)">${escapeText(name)}</text>`,
];

/** Along x first: each point is the best up to the next corner. */
function steps(corners: [number, number][]): string {
  const [first, ...rest] = corners;
  return first ? `M${point(first)}${rest.map(([x, y]) => `H${round(x)}V${round(y)}`).join('')}` : '';
}

function markSvg({ hue, shape, full, tip }: Mark, place: [number, number]): string {
  return `<g class="h${hue}${full ? ' full' : ''}"><title>${escapeText(tip)}</title>${outline(shape, place, full ? 6.5 : 4.5)}</g>`;
}

function outline(shape: Shape, [x, y]: [number, number], r: number): string {
  const polygon = (corners: [number, number][]) =>
    `<path d="M${corners.map(([dx, dy]) => point([x + dx * r, y + dy * r])).join('L')}Z"/>`;
  switch (shape) {
    case 'circle':
      return `<circle cx="${round(x)}" cy="${round(y)}" r="${r}"/>`;
    case 'square':
      return polygon([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ]);
    case 'triangle':
      return polygon([
        [0, -1.15],
        [1.1, 0.85],
        [-1.1, 0.85],
      ]);
    case 'diamond':
      return polygon([
        [0, -1.25],
        [1.25, 0],
        [0, 1.25],
        [-1.25, 0],
      ]);
  }
}

/** Labels next to their marks, where they cover neither marks nor the front nor each other. */
function labels(marks: Mark[], at: (place: Place) => [number, number], { front }: Scatter): string[] {
  const boxes = marks.map((mark): Box => {
    const [x, y] = at(mark);
    const r = mark.full ? 8 : 6;
    return { x: x - r, y: y - r, width: 2 * r, height: 2 * r };
  });
  const wanted = marks.flatMap((mark) =>
    mark.label
      ? [{ text: mark.label, at: at(mark), width: mark.label.length * CHARACTER + 2, height: 13 }]
      : [],
  );
  const bounds = { x: plot.left, y: plot.top, width: plot.right - plot.left, height: plot.bottom - plot.top };
  const corners = front.map(at);
  const lines = corners.slice(1).flatMap(([x, y], i): Box[] => {
    const [fromX, fromY] = corners[i]!;
    return [
      { x: fromX, y: fromY - 1, width: x - fromX, height: 2 },
      { x: x - 1, y: fromY, width: 2, height: y - fromY },
    ];
  });
  return placeLabels(wanted, [...boxes, ...lines], bounds).flatMap(({ text, at: [x, y], box }) => {
    const near = {
      x: Math.min(Math.max(x, box.x), box.x + box.width),
      y: Math.min(Math.max(y, box.y), box.y + box.height),
    };
    const far = Math.hypot(near.x - x, near.y - y) > 14;
    return [
      ...(far ? [`<path class="lead" d="M${point([x, y])}L${point([near.x, near.y])}"/>`] : []),
      `<text class="label" x="${round(box.x + 1)}" y="${round(box.y + 10)}">${escapeText(text)}</text>`,
    ];
  });
}

export function legendSvg(entries: LegendEntry[]): string[] {
  const left = plot.right + 28;
  return entries.flatMap(({ text, hue, shapes: drawn = ['circle'], full = false, line = false }, i) => {
    const y = plot.top + 10 + 21 * i;
    const look = `${hue === undefined ? 'plain' : `h${hue}`}${full ? ' full' : ''}`;
    const marks = drawn.map((shape, at) =>
      outline(shape, [left + 12 * (at - (drawn.length - 1) / 2), y], full ? 6 : 5),
    );
    const sign = line
      ? `<path class="front" d="M${left - 8} ${y}H${left + 8}"/>`
      : `<g class="${look}">${marks.join('')}</g>`;
    return [sign, `<text class="small" x="${left + 22}" y="${y + 4}">${escapeText(text)}</text>`];
  });
}

const paint = (dark: boolean): string => {
  const [paper, ink, dim, rule, faint] = dark
    ? ['#14171a', '#e8eaed', '#a9b0b7', '#3a4046', '#24292e']
    : ['#ffffff', '#1b1f23', '#57606a', '#d4d8dd', '#eef0f2'];
  return [
    `.paper{fill:${paper}}`,
    `text{fill:${ink}}`,
    `.small,.tick{fill:${dim}}`,
    `.label{stroke:${paper}}`,
    `.grid{stroke:${rule}}.faint{stroke:${faint}}.axis,.lead,.limit{stroke:${dim}}.front{stroke:${ink}}`,
    `.plain{stroke:${dim};fill:${paper}}.plain.full{fill:${dim}}`,
    ...hues.map((pair, i) => {
      const color = pair[dark ? 1 : 0];
      return `.h${i}{stroke:${color};fill:${paper}}.h${i}.full{fill:${color};stroke:${paper}}`;
    }),
  ].join('');
};

/** Without CSS custom properties, which some SVG programs do not support. */
const style = (): string =>
  [
    "text{font:12px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}",
    '.head{font-size:16px;font-weight:600}.small,.tick{font-size:11px}',
    '.label{font-size:11px;stroke-width:3px;paint-order:stroke;stroke-linejoin:round}',
    'path,circle{stroke-width:1.6px}path.grid,path.faint,path.axis{fill:none;stroke-width:1px}',
    'path.front{fill:none;stroke-width:1.4px;stroke-dasharray:5 3}path.limit{fill:none;stroke-width:1px;stroke-dasharray:2 3}',
    'path.link{fill:none;stroke-width:1px}path.lead{fill:none;stroke-width:.7px}',
    paint(false),
    `@media(prefers-color-scheme:dark){${paint(true)}}`,
  ].join('');

const round = (value: number): string => String(Math.round(value * 10) / 10);
const point = ([x, y]: [number, number]): string => `${round(x)} ${round(y)}`;
