import { SpikeletError } from '../models/index.js';
import type { Board } from './boards/index.js';
import { DEFAULT_PREFIX } from './prefix.js';
import { compileFlags, linkFlags, toolchainOf } from './toolchain.js';

export type MakefileOptions = { prefix?: string; defines: string[]; weights: string | undefined };

/** Folder of a project's object files. */
export const OBJECTS = 'build';

/** A path or macro for make and its shell. Throws if it would need quoting; names are checked earlier. */
function word(text: string): string {
  if (!/^[\w.][\w./=-]*$/.test(text)) throw new Error(`'${text}' cannot be used in a Makefile`);
  return text;
}

/**
 * Prints the Makefile of a project, which keeps object files in a separate folder. `sources`: of the shell
 * and of the library `prefix`. `weights`: the memory for the weights if it is not the code's; they then
 * become weights.bin. Throws if the board is built with its vendor's build system.
 */
export function makefile(
  board: Board,
  sources: string[],
  { prefix: library = DEFAULT_PREFIX, defines, weights }: MakefileOptions,
): string {
  const toolchain = toolchainOf(board);
  if (!toolchain)
    throw new SpikeletError(`${board.name} has no Makefile`, {
      hint: "it is built with its vendor's build system",
    });
  const { prefix, flags, install } = toolchain;
  const apart = weights !== undefined && weights !== board.code;
  const products = ['firmware.elf', 'firmware.bin', ...(apart ? ['weights.bin'] : [])].join(' ');
  return `# ${board.title}
# The compiler: ${install}
PREFIX ?= ${prefix}
CFLAGS = ${[...flags, ...compileFlags].join(' ')}
CPPFLAGS = ${['-Ishell', '$(LIBRARIES:%=-I%/src)', ...defines.map((name) => `-D${word(name)}`)].join(' ')}
LDFLAGS = ${[...flags, ...linkFlags, '-Tlinker.ld', '-Wl,-Map=firmware.map'].join(' ')}

# Libraries of other builds, each with its own --prefix, copied here: make MORE='digits words'
MORE =
LIBRARIES = ${word(library)} $(MORE)

SOURCES = ${sources.map(word).join(' \\\n  ')} \\
  $(foreach library,$(MORE),$(wildcard $(library)/src/*.c $(library)/src/*.S))
OBJECTS = $(addprefix ${OBJECTS}/,$(addsuffix .o,$(basename $(SOURCES))))

all: ${products}

${apart ? linkedApart : linked}
firmware.bin: firmware.elf
	$(PREFIX)objcopy -O binary $< $@

HEADERS = $(wildcard shell/*.h shell/platform/*.h $(LIBRARIES:%=%/src/*.h))

${OBJECTS}/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(PREFIX)gcc $(CFLAGS) $(CPPFLAGS) -c $< -o $@

${OBJECTS}/%.o: %.S $(LIBRARIES:%=%/src/*.bin) Makefile
	@mkdir -p $(@D)
	$(PREFIX)gcc $(CFLAGS) $(CPPFLAGS) -c $< -o $@

clean:
	rm -rf ${OBJECTS}
	rm -f ${products}${apart ? ' all.elf' : ''} firmware.map

.PHONY: all clean
`;
}

const linked = `firmware.elf: $(OBJECTS) linker.ld
	$(PREFIX)gcc $(LDFLAGS) $(OBJECTS) -lgcc -o $@
`;

/** The program, and the weights for a memory that is written separately. */
const linkedApart = `all.elf: $(OBJECTS) linker.ld
	$(PREFIX)gcc $(LDFLAGS) $(OBJECTS) -lgcc -o $@

firmware.elf: all.elf
	$(PREFIX)objcopy -R .weights $< $@

weights.bin: all.elf
	$(PREFIX)objcopy -O binary -j .weights $< $@
`;
