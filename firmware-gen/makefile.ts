import { SpikeletError } from '../models/index.js';
import type { Board } from './boards/index.js';
import { compileFlags, linkFlags, toolchainOf } from './toolchain.js';

/** Prints the Makefile of a project. Throws where the board is built by its vendor's own system. */
export function makefile(board: Board, sources: string[], defines: string[]): string {
  const toolchain = toolchainOf(board);
  if (!toolchain)
    throw new SpikeletError(`${board.name} has no Makefile`, {
      hint: "it is built by its vendor's own system",
    });
  const { prefix, flags, install } = toolchain;
  return `# ${board.title}
# The compiler: ${install}
PREFIX ?= ${prefix}
CFLAGS = ${[...flags, ...compileFlags].join(' ')}
CPPFLAGS = ${['-Ishell', '-Imodel', ...defines.map((name) => `-D${name}`)].join(' ')}
LDFLAGS = ${[...flags, ...linkFlags, '-Tlinker.ld', '-Wl,-Map=firmware.map'].join(' ')}

SOURCES = ${sources.join(' \\\n  ')}
OBJECTS = $(SOURCES:.c=.o)

all: firmware.elf firmware.bin

firmware.elf: $(OBJECTS) linker.ld
	$(PREFIX)gcc $(LDFLAGS) $(OBJECTS) -lgcc -o $@

firmware.bin: firmware.elf
	$(PREFIX)objcopy -O binary $< $@

%.o: %.c $(wildcard shell/*.h shell/platform/*.h model/*.h) Makefile
	$(PREFIX)gcc $(CFLAGS) $(CPPFLAGS) -c $< -o $@

clean:
	rm -f $(OBJECTS) firmware.elf firmware.bin firmware.map

.PHONY: all clean
`;
}
