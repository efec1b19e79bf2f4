/*
 * The program of a board: takes 'I' and SPIKELET_INPUT_BYTES pixels (i8, as the model sees them) from the serial port
 * and sends the logits (i32, low byte first); sends back any other byte.
 */
#include "platform.h"
#include "spikelet.h"

static uint8_t next_byte(void) {
  for (;;) {
    const int byte = platform_read();
    if (byte >= 0) return (uint8_t)byte;
    platform_wait();
  }
}

int main(void) {
  platform_init();
  if (spikelet_init() != 0) return 1;
  for (;;) {
    const uint8_t command = next_byte();
    if (command != 'I') {
      platform_write(&command, 1);
      continue;
    }
    int8_t *pixels = spikelet_input();
    for (uint32_t n = 0; n < SPIKELET_INPUT_BYTES; n++) pixels[n] = (int8_t)next_byte();
    platform_write((const uint8_t *)spikelet_infer(), SPIKELET_CLASSES * 4);
  }
}
