/*
 * Takes 'A', a length (u16) and that many samples (i16), gives them to the printed model and sends the ticks that took (u32)
 * and whether an image was due (u32); if so, also its pixels (i8), the ticks of its logits (u32) and these (i32). Sends back
 * any other byte.
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

static void send(const void *bytes, uint32_t n) {
  platform_write((const uint8_t *)bytes, n);
}

int main(void) {
  static int16_t samples[SPIKELET_AUDIO_MOST];
  platform_init();
  if (spikelet_init() != 0) return 1;
  for (;;) {
    const uint8_t command = next_byte();
    if (command != 'A') {
      send(&command, 1);
      continue;
    }
    uint32_t n = next_byte();
    n |= (uint32_t)next_byte() << 8;
    if (n > SPIKELET_AUDIO_MOST) return 2;
    for (uint32_t i = 0; i < 2 * n; i++) ((uint8_t *)samples)[i] = next_byte();
    uint32_t start = platform_ticks();
    const int due = spikelet_audio(samples, n);
    const uint32_t reply[2] = {platform_ticks() - start, (uint32_t)due};
    send(reply, sizeof reply);
    if (due != 1) continue;
    send(spikelet_input(), SPIKELET_INPUT_BYTES);
    start = platform_ticks();
    const int32_t *logits = spikelet_infer();
    const uint32_t ticks = platform_ticks() - start;
    send(&ticks, sizeof ticks);
    send(logits, SPIKELET_CLASSES * 4);
  }
}
