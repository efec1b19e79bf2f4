import { SpikeletError } from '../models/index.js';
import type { Board } from './boards/index.js';
import { inLibrary } from './library.js';
import { compileFlags, linkFlags, toolchainOf } from './toolchain.js';

/**
 * Prints the Makefile of a project. `weights`: the memory that holds the weights, where it is not the code's; they
 * become weights.bin then. Throws where the board is built by its vendor's own system.
 */
export function makefile(
  board: Board,
  sources: string[],
  { defines, weights }: { defines: string[]; weights: string | undefined },
): string {
  const toolchain = toolchainOf(board);
  if (!toolchain)
    throw new SpikeletError(`${board.name} has no Makefile`, {
      hint: "it is built by its vendor's own system",
    });
  const { prefix, flags, install } = toolchain;
  const apart = weights !== undefined && weights !== board.code;
  const products = ['firmware.elf', 'firmware.bin', ...(apart ? ['weights.bin'] : [])].join(' ');
  return `# ${board.title}
# The compiler: ${install}
PREFIX ?= ${prefix}
CFLAGS = ${[...flags, ...compileFlags].join(' ')}
CPPFLAGS = ${['-Ishell', `-I${inLibrary('')}`, ...defines.map((name) => `-D${name}`)].join(' ')}
LDFLAGS = ${[...flags, ...linkFlags, '-Tlinker.ld', '-Wl,-Map=firmware.map'].join(' ')}

SOURCES = ${sources.join(' \\\n  ')}
OBJECTS = $(addsuffix .o,$(basename $(SOURCES)))

all: ${products}

${apart ? linkedApart : linked}
firmware.bin: firmware.elf
	$(PREFIX)objcopy -O binary $< $@

HEADERS = $(wildcard shell/*.h shell/platform/*.h ${inLibrary('*.h')})

%.o: %.c $(HEADERS) Makefile
	$(PREFIX)gcc $(CFLAGS) $(CPPFLAGS) -c $< -o $@

%.o: %.S Makefile
	$(PREFIX)gcc $(CFLAGS) $(CPPFLAGS) -c $< -o $@

clean:
	rm -f $(OBJECTS) ${products}${apart ? ' all.elf' : ''} firmware.map

.PHONY: all clean
`;
}

const linked = `firmware.elf: $(OBJECTS) linker.ld
	$(PREFIX)gcc $(LDFLAGS) $(OBJECTS) -lgcc -o $@
`;

/** The program and the weights, which go to a memory that is written by other means. */
const linkedApart = `all.elf: $(OBJECTS) linker.ld
	$(PREFIX)gcc $(LDFLAGS) $(OBJECTS) -lgcc -o $@

firmware.elf: all.elf
	$(PREFIX)objcopy -R .weights $< $@

weights.bin: all.elf
	$(PREFIX)objcopy -O binary -j .weights $< $@
`;
