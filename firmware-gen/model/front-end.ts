import type { OutputFile } from '../../models/index.js';
import { cComment } from '../../models/text/c.js';
import { type FrontEndField, frontEndRam, frontEndTableBytes, memoryOffsets } from '../../wasm/front-end.js';
import { macroPrefix } from '../prefix.js';
import type { ModelData } from './model.js';
import { numberLines } from './weights.js';

/**
 * How C is given a model's raw signal: the front end's record and memory, its tables, and the function that
 * takes it.
 */

type Table = Extract<FrontEndField, { table: unknown }>;
const isTable = (field: FrontEndField): field is Table => 'table' in field && field.table.length > 0;

const typeOf = ({ table }: Table): string =>
  `${table instanceof Uint8Array || table instanceof Uint16Array ? 'u' : ''}int${8 * table.BYTES_PER_ELEMENT}_t`;

/** Bytes of a front end's constants, its record's first state included, and of its RAM; none without one. */
export const frontEndBytes = ({ frontEnd }: ModelData): { constants: number; ram: number } =>
  frontEnd
    ? { constants: frontEndTableBytes(frontEnd) + 4 * frontEnd.fields.length, ram: frontEndRam(frontEnd) }
    : { constants: 0, ram: 0 };

/** What spikelet-model.h declares. */
export function frontEndRecords({ frontEnd, prefix: p }: ModelData): string {
  if (!frontEnd) return '';
  const { fields } = frontEnd;
  const memory = frontEndRam(frontEnd) / 4 - fields.length;
  return `
/* The state of a stream of raw signal: what the front end finds, and its memory. */
struct front_end {
${fields.map((field) => `  ${'value' in field ? 'uint32_t ' : 'const void *'}${field.name};`).join('\n')}
};
struct front_end_memory {
  struct front_end record;
  uint32_t memory[${memory}];
};
struct front_end_tables {
${
  fields
    .filter(isTable)
    .map((field) => `  ${typeOf(field)} ${field.name}[${field.table.length}];`)
    .join('\n') || '  uint8_t none;'
}
};
extern struct front_end_memory ${p}_front_end;
extern const struct front_end ${p}_front_end_start;
extern const struct front_end_tables ${p}_front_end_tables;
`;
}

/** Prints frontend.c: the tables, and how a stream begins. */
export function frontEndFiles(model: ModelData): OutputFile[] {
  const { frontEnd, prefix: p } = model;
  if (!frontEnd) return [];
  const { fields } = frontEnd;
  const offsets = memoryOffsets(frontEnd);
  const value = (field: FrontEndField): string => {
    if ('value' in field) return `${field.value}u`;
    if ('table' in field) return isTable(field) ? `${p}_front_end_tables.${field.name}` : '0';
    return `(const uint8_t *)${p}_front_end.memory + ${offsets.get(field)!}`;
  };
  const tables = fields
    .filter(isTable)
    .map((field) => `  .${field.name} = {\n${numberLines([...field.table].map(String), 4)}\n  },`);
  const contents = `/* ${cComment(model.name)}: ${cComment(frontEnd.equation)}. */
#include "${p}-model.h"

const struct front_end_tables ${p}_front_end_tables = {
${tables.join('\n') || '  0'}
};

const struct front_end ${p}_front_end_start = {
${fields.map((field) => `  .${field.name} = ${value(field)},`).join('\n')}
};
`;
  return [{ path: 'frontend.c', contents }];
}

type Api = {
  comment: string;
  macros(model: ModelData): [string, string, string][];
  prototype: string;
  body: string;
};

/** The function that takes a piece of the signal, by what the kernel takes. */
const apis: Record<string, Api> = {
  logmel: {
    comment: `Takes the next n samples of 16-bit audio at PREFIX_SAMPLE_RATE Hz. 1: an image is in the input; call
 * NAME_infer() before the next one is. 0: none yet. -1: n is above PREFIX_AUDIO_MOST, which could make two
 * images; no sample was taken.`,
    macros: ({ frontEnd }) => {
      const { stride, hop } = frontEnd!.args as { stride: number; hop: number };
      return [
        ['SAMPLE_RATE', `${frontEnd!.rate}`, 'Hz'],
        ['AUDIO_MOST', `${stride * hop}`, 'samples from one image to the next'],
      ];
    },
    prototype: 'int NAME_audio(const int16_t *samples, uint32_t n)',
    body: `  int due = 0;
  if (n > PREFIX_AUDIO_MOST) return -1;
  SIGNAL(samples, 2 * n);
  for (uint32_t taken = 0; taken < n;) {
    taken += TAKE(RECORD, (u32)(samples + taken), n - taken);
    due |= front_end_image();
  }
  return due;`,
  },
  window: {
    comment: `Takes the next sample of all PREFIX_SAMPLE_CHANNELS channels, at PREFIX_SAMPLE_RATE Hz. 1: an image is
 * in the input; call NAME_infer() before the next one is. 0: none yet.`,
    macros: ({ frontEnd }) => [
      ['SAMPLE_RATE', `${frontEnd!.rate}`, 'Hz'],
      ['SAMPLE_CHANNELS', `${frontEnd!.args['channels']}`, 'values of a sample'],
    ],
    prototype: 'int NAME_sample(const int16_t *channels)',
    body: `  SIGNAL(channels, 2 * PREFIX_SAMPLE_CHANNELS);
  TAKE(RECORD, (u32)channels, 1);
  return front_end_image();`,
  },
  events: {
    comment: `Takes the next event: polarity 0 or 1, time in microseconds modulo 2^32. 0: it is counted. 1: and an image
 * is in the input; call NAME_infer(). 2: an image is in the input, but the event belongs to the next one: call
 * NAME_infer(), then give the event again. -1: it is outside the sensor or earlier than its frame.`,
    macros: () => [],
    prototype: 'int NAME_event(uint32_t x, uint32_t y, uint32_t polarity, uint32_t t_us)',
    body: `  const u32 taken = TAKE(RECORD, t_us, x, y, polarity);
  if (taken > 1) return -1;
  return front_end_image() ? 2 - (int)taken : 0;`,
  },
};

const apiOf = ({ frontEnd }: ModelData): Api => apis[frontEnd!.kind]!;

/** Numbers of spikelet.h. */
export function frontEndMacros(model: ModelData): [name: string, value: string, comment: string][] {
  if (!model.frontEnd) return [];
  return [
    ...apiOf(model).macros(model),
    ['FRONT_END_BYTES', `${frontEndBytes(model).ram}`, 'RAM of a stream of raw signal'],
  ];
}

/** The API's part of spikelet.h. */
export function frontEndPrototypes(model: ModelData): string {
  if (!model.frontEnd) return '';
  const { comment, prototype } = apiOf(model);
  return named(
    `/*
 * ${cComment(model.frontEnd.equation)}.
 * ${comment}
 */
${prototype};

/* Begins a new recording: NAME_init() does so too. */
void NAME_restart(void);

`,
    model.prefix,
  );
}

const named = (text: string, prefix: string): string =>
  text.replace(/\bPREFIX_/g, `${macroPrefix(prefix)}_`).replace(/\bNAME_/g, `${prefix}_`);

/** Its part of model.c: `take` and `read` are the names of the printed kernels. */
export function frontEndFunctions(model: ModelData, take: string, read: string): string {
  if (!model.frontEnd) return '';
  const { prototype, body } = apiOf(model);
  return named(
    `
struct front_end_memory NAME_front_end;

#ifdef PREFIX_CHECKED
#define SIGNAL(from, bytes) (signal = (from), signal_bytes = (bytes))
#else
#define SIGNAL(from, bytes) ((void)0)
#endif

void NAME_restart(void) {
  uint32_t *words = (uint32_t *)(void *)&NAME_front_end;
  for (uint32_t i = 0; i < sizeof NAME_front_end / 4; i++) words[i] = 0;
  NAME_front_end.record = NAME_front_end_start;
}

/* Reads an image that is due into the input. */
static int front_end_image(void) {
  FENCE();
  if (!NAME_front_end.record.due) return 0;
  ${read}((u32)&NAME_front_end.record, (u32)NAME_pixel_table, (u32)NAME_input());
  FENCE();
  return 1;
}

${prototype} {
${body.replace(/\bTAKE\(/g, `${take}(`).replace(/\bRECORD\b/g, '(u32)&NAME_front_end.record')}
}
`,
    model.prefix,
  );
}
