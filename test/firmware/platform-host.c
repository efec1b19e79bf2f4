/*
 * A board on this machine: the serial port is standard input and output, the end of the input ends the program. The
 * counter moves by TICKS whenever it is looked at; SPARE_BYTES of RAM are left over.
 */
#include <stdio.h>
#include <stdlib.h>

#include "platform.h"

void platform_init(void) {}

int platform_read(void) {
  const int byte = getchar();
  if (byte == EOF) exit(fflush(stdout));
  return byte;
}

void platform_wait(void) {}

void platform_write(const uint8_t *bytes, uint32_t n) { fwrite(bytes, 1, n, stdout); }

uint32_t platform_ticks(void) {
  static uint32_t ticks;
  return ticks += TICKS;
}

uint8_t *platform_spare(uint32_t *bytes) {
  static uint8_t spare[SPARE_BYTES];
  *bytes = SPARE_BYTES;
  return spare;
}
