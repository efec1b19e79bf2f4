/*
 * Takes 'I' and SPIKELET_INPUT_BYTES pixels (i8), computes the logits with the printed model and with the
 * plain one, and sends the ticks of both (u32) and the logits of both (i32); sends back any other byte.
 */
#include "int8-net.h"
#include "platform.h"
#include "spikelet.h"

static uint8_t next_byte(void) {
  for (;;) {
    const int byte = platform_read();
    if (byte >= 0) return (uint8_t)byte;
    platform_wait();
  }
}

#ifdef SPIKELET_TRACE
uint32_t layer_ticks[SPIKELET_LAYERS];
static uint32_t before;

void spikelet_trace(uint32_t layer, uint32_t row, uint32_t rows) {
  (void)row;
  (void)rows;
  const uint32_t now = platform_ticks();
  layer_ticks[layer] += now - before;
  before = platform_ticks();
}
#endif

static void send(const void *bytes, uint32_t n) {
  platform_write((const uint8_t *)bytes, n);
}

int main(void) {
  platform_init();
  if (spikelet_init() != 0) return 1;
  for (;;) {
    const uint8_t command = next_byte();
    if (command != 'I') {
      send(&command, 1);
      continue;
    }
    for (uint32_t n = 0; n < SPIKELET_INPUT_BYTES; n++) int8_net_input[n] = (int8_t)next_byte();
    int8_t *pixels = spikelet_input();
    for (uint32_t n = 0; n < SPIKELET_INPUT_BYTES; n++) pixels[n] = int8_net_input[n];
    uint32_t ticks[2];
#ifdef SPIKELET_TRACE
    for (int i = 0; i < SPIKELET_LAYERS; i++) layer_ticks[i] = 0;
    before = platform_ticks();
#endif
    uint32_t start = platform_ticks();
    const int32_t *logits = spikelet_infer();
    ticks[0] = platform_ticks() - start;
    start = platform_ticks();
    const int32_t *plain = int8_net_run();
    ticks[1] = platform_ticks() - start;
    send(ticks, sizeof ticks);
    send(logits, SPIKELET_CLASSES * 4);
    send(plain, SPIKELET_CLASSES * 4);
#ifdef SPIKELET_TRACE
    send(layer_ticks, sizeof layer_ticks);
    send(int8_net_ticks, sizeof int8_net_ticks);
#endif
  }
}
