/*
 * Takes 'I' and SPIKELET_INPUT_BYTES pixels (i8, as the model sees them) from the serial port and sends the CRC-32 of
 * every layer's output, rows in order, counts in bytes, then the logits; 'S' sends the stack used so far. All are words,
 * low byte first. Any other byte is sent back.
 */
#include "crc32.h"
#include "platform.h"
#include "spikelet.h"

static uint32_t crcs[SPIKELET_LAYERS];

void spikelet_trace(uint32_t index, uint32_t row, uint32_t rows) {
  const struct spikelet_layer *layer = &spikelet_layers[index];
  for (uint32_t r = row; r < row + rows; r++) {
    const uint8_t *bytes = (const uint8_t *)layer->rows + r % layer->ring * layer->row_bytes;
    if (layer->bits != 4) {
      crcs[index] = crc32(crcs[index], bytes, layer->row_bytes);
      continue;
    }
    for (uint32_t c = 0; c < layer->columns; c++, bytes += (layer->channels + 1) / 2)
      for (uint32_t channel = 0; channel < layer->channels; channel++) {
        const uint8_t count = bytes[channel / 2] >> (channel & 1) * 4 & 15;
        crcs[index] = crc32(crcs[index], &count, 1);
      }
  }
}

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
    if (command == 'I') {
      int8_t *pixels = spikelet_input();
      for (uint32_t n = 0; n < SPIKELET_INPUT_BYTES; n++) pixels[n] = (int8_t)next_byte();
      memset(crcs, 0, sizeof crcs);
      const int32_t *logits = spikelet_infer();
      platform_write((const uint8_t *)crcs, sizeof crcs);
      platform_write((const uint8_t *)logits, SPIKELET_CLASSES * 4);
    } else if (command == 'S') {
      const uint32_t used = platform_stack_used();
      platform_write((const uint8_t *)&used, 4);
    } else
      platform_write(&command, 1);
  }
}
