/*
 * A board on this machine: the serial port is standard input and output, the end of the input ends the program. The
 * environment says by how much the counter moves whenever it is looked at (TICKS), how much RAM is left over (SPARE).
 */
#include <stdio.h>
#include <stdlib.h>

#include "platform.h"

static uint32_t step, spare_bytes;
static uint8_t *spare;

void platform_init(void) {
  step = (uint32_t)strtoul(getenv("TICKS"), 0, 10);
  spare_bytes = (uint32_t)strtoul(getenv("SPARE"), 0, 10);
  spare = malloc(spare_bytes);
}

int platform_read(void) {
  const int byte = getchar();
  if (byte == EOF) exit(fflush(stdout));
  return byte;
}

void platform_wait(void) {}

void platform_write(const uint8_t *bytes, uint32_t n) { fwrite(bytes, 1, n, stdout); }

uint32_t platform_ticks(void) {
  static uint32_t ticks;
  return ticks += step;
}

uint8_t *platform_spare(uint32_t *bytes) {
  *bytes = spare_bytes;
  return spare;
}
