import { SpikeletError } from '../../models/index.js';
import { cComment } from '../../models/text/c.js';
import { macroPrefix, symbolsOf } from '../prefix.js';
import { frontEndFunctions } from './front-end.js';
import { type Callees, printFunction, printPrototype } from './functions.js';
import type { FirmwareModel } from './model.js';
import { uniqueIdentifiers, withoutFolder } from './names.js';

/** Prints model.c: the code and the API functions. */
export async function modelCode(model: FirmwareModel): Promise<string> {
  // binaryen is loaded only when C is printed.
  const { readWasm } = await import('./read.js');
  const { functions, imports, exports } = readWasm(model.code);
  const unknown = imports.find(({ from }) => from !== 'trace');
  if (unknown)
    throw new SpikeletError(`the WebAssembly imports '${unknown.from}', which firmware does not have`, {
      hint: 'plan the model with its weights inside: firmware reads them in place',
    });
  const infer = exports.get('infer');
  if (infer === undefined) throw new SpikeletError("the WebAssembly does not export a function 'infer'");
  const identifiers = uniqueIdentifiers(
    functions.map(({ name }) => withoutFolder(name)),
    symbolsOf(model.prefix),
  );
  const names = new Map<string, string>([
    ...functions.map(({ name }, i): [string, string] => [name, identifiers[i]!]),
    ...imports.map(({ name }): [string, string] => [name, 'TRACE']),
  ]);
  const pointers = new Map<string, ('node' | 'model' | undefined)[]>(
    functions.map(({ name, locals, parameters }) => [
      name,
      locals.slice(0, parameters).map((local, i) => {
        const record = local === 'node' || local === 'model' ? local : undefined;
        return i === 0 && name.startsWith('model/') ? record : undefined;
      }),
    ]),
  );
  const callees: Callees = {
    name: (target) => names.get(target)!,
    record: (target, parameter) => pointers.get(target)?.[parameter],
  };
  const exported = (name: string) => names.get(exports.get(name) ?? '') ?? name;
  const printed = functions.map((code) =>
    printFunction(code, callees, [...(model.comments.get(code.name) ?? [])].map(cComment)),
  );
  return `${head(model)}
${functions.map((code) => printPrototype(code, callees)).join('\n')}

${printed.join('\n')}
${api(model, names.get(infer)!)}${frontEndFunctions(model, exported('frontEndTake'), exported('frontEndRead'))}`;
}

function head({ name, prefix: p, frontEnd }: FirmwareModel): string {
  const P = macroPrefix(p);
  return `/*
 * ${cComment(name)}: printed by spikelet from its WebAssembly kernels. All arithmetic is modulo 2^32, as in WebAssembly:
 * a u32 also holds signed values, and is cast where the sign matters. Addresses are numbers; memory is read and
 * written through the macros below, at addresses that are multiples of the access size.
 */
#include "${p}-model.h"

typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef int32_t i32;
typedef int16_t i16;
typedef int8_t i8;

#if defined(__GNUC__)
#define ALIASES __attribute__((may_alias))
#define FENCE() __asm__ volatile("" ::: "memory")
#else
#define ALIASES
#define FENCE() ((void)0)
#endif
typedef uint32_t ALIASES memory_u32;
typedef uint16_t ALIASES memory_u16;
typedef int16_t ALIASES memory_i16;

uint32_t ${p}_arena[(${P}_ARENA_BYTES + 3) / 4];

${memoryMacros(p, P, frontEnd !== undefined)}/* Cores with 16-bit lane instructions, and cores that can only swap bytes in both halves of a word. */
#if defined(__GNUC__) && defined(__ARM_FEATURE_SIMD32)
#define LANES
#elif defined(__GNUC__) && defined(__thumb__) && __ARM_ARCH >= 6
#define SWAPS
#endif

#ifdef ${P}_TRACE
#define TRACE(layer, row, rows) ${p}_trace(layer, row, rows)
#else
#define TRACE(layer, row, rows) ((void)0)
#endif
`;
}

/** How memory is read and written; where checked, within what the layer may touch alone. */
const memoryMacros = (p: string, P: string, frontEnd: boolean): string => `#ifdef ${P}_CHECKED
/* Accesses must be in the arena or, for reads, in the current layer's constants or the list of steps. */
static const struct node *checked_node;
${frontEnd ? '/* The raw signal that the front end is given. */\nstatic const void *signal;\nstatic u32 signal_bytes;\n' : ''}
static int within(u32 at, u32 bytes, const void *begin, u32 size) {
  return size >= bytes && at - (u32)begin <= size - bytes;
}

static u32 checked(u32 at, u32 bytes, int writes) {
  if (at % bytes == 0) {
    if (within(at, bytes, ${p}_arena, ${P}_ARENA_BYTES)) return at;
    if (!writes && checked_node) {
      const struct ${p}_layer *layer = &${p}_layers[checked_node - ${p}_nodes];
      if (within(at, bytes, checked_node->weights, layer->constant_bytes)) return at;
    }
    if (!writes && within(at, bytes, ${p}_steps, sizeof ${p}_steps)) return at;
${frontEnd ? CHECKED_FRONT_END(p) : ''}  }
  ${p}_trap(checked_node ? ${p}_layers[checked_node - ${p}_nodes].name : "none");
  return (u32)${p}_arena;
}
#define CHECKED(at, bytes, writes) checked(at, bytes, writes)
#define ENTER(node) (checked_node = (node))
#else
#define CHECKED(at, bytes, writes) (at)
#define ENTER(node) ((void)0)
#endif

/* Reads of memory, and writes. */
#define U8(at) (*(const u8 *)CHECKED(at, 1, 0))
#define I8(at) (*(const i8 *)CHECKED(at, 1, 0))
#define U16(at) (*(const memory_u16 *)CHECKED(at, 2, 0))
#define I16(at) (*(const memory_i16 *)CHECKED(at, 2, 0))
#define U32(at) (*(const memory_u32 *)CHECKED(at, 4, 0))
#define W8(at) (*(u8 *)CHECKED(at, 1, 1))
#define W16(at) (*(memory_u16 *)CHECKED(at, 2, 1))
#define W32(at) (*(memory_u32 *)CHECKED(at, 4, 1))

`;

/** What a front end may read and write besides; `signal` is the caller's. */
const CHECKED_FRONT_END = (
  p: string,
) => `    if (within(at, bytes, &${p}_front_end, sizeof ${p}_front_end)) return at;
    if (!writes && within(at, bytes, &${p}_front_end_tables, sizeof ${p}_front_end_tables)) return at;
    if (!writes && within(at, bytes, ${p}_pixel_table, sizeof ${p}_pixel_table)) return at;
    if (!writes && within(at, bytes, signal, signal_bytes)) return at;
`;

function api({ prefix: p, frontEnd }: FirmwareModel, infer: string): string {
  const P = macroPrefix(p);
  return `int ${p}_init(void) {
  const uint32_t one = 1;
  if (*(const uint8_t *)&one != 1) return ${P}_BIG_ENDIAN;
${frontEnd ? `  ${p}_restart();\n` : ''}  return ${p}_weights_present() ? 0 : ${P}_NO_WEIGHTS;
}

/* An image is given; an inference runs. Interrupts end before the code that they interrupt, so no locks. */
static volatile uint8_t given, busy;

int8_t *${p}_input(void) {
  given = 1;
  return (int8_t *)${p}_arena + ${P}_INPUT_OFFSET;
}

void ${p}_pixels(const uint8_t *raw) {
  int8_t *pixels = ${p}_input();
  uint32_t channel = 0;
  for (uint32_t i = 0; i < ${P}_INPUT_BYTES; i++) {
    pixels[i] = ${p}_pixel_table[channel * 256 + raw[i]];
    if (++channel == ${P}_INPUT_CHANNELS) channel = 0;
  }
}

const int32_t *${p}_infer(void) {
  if (busy) return 0;
  busy = 1;
  /* Read only now, because an interrupt before that line may have consumed the image. */
  const uint8_t ready = given;
  if (ready) {
    given = 0;
    FENCE();
    ${infer}(&${p}_model);
    FENCE();
  }
  const uint8_t spoilt = given;
  given = 0;
  busy = 0;
  if (!ready || spoilt) return 0;
  return (const int32_t *)${p}_layers[${P}_LAYERS - 1].rows;
}
`;
}
