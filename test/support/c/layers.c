/*
 * For a host: reads images of SPIKELET_INPUT_BYTES pixels (i8) from standard input and writes for each the
 * CRC-32 of every layer's output, rows in order, counts in bytes, and then the logits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "spikelet.h"

static uint32_t crcs[SPIKELET_LAYERS];

static uint32_t crc_byte(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
  return crc;
}

void spikelet_trace(uint32_t index, uint32_t row, uint32_t rows) {
  const struct spikelet_layer *layer = &spikelet_layers[index];
  uint32_t crc = crcs[index];
  for (uint32_t r = row; r < row + rows; r++) {
    const uint8_t *bytes = (const uint8_t *)layer->rows + r % layer->ring * layer->row_bytes;
    if (layer->bits != 4) {
      for (uint32_t i = 0; i < layer->row_bytes; i++) crc = crc_byte(crc, bytes[i]);
      continue;
    }
    for (uint32_t c = 0; c < layer->columns; c++, bytes += (layer->channels + 1) / 2)
      for (uint32_t channel = 0; channel < layer->channels; channel++)
        crc = crc_byte(crc, bytes[channel / 2] >> (channel & 1) * 4 & 15);
  }
  crcs[index] = crc;
}

#ifdef SPIKELET_CHECKED
void spikelet_trap(const char *layer) {
  fprintf(stderr, "trap in %s\n", layer);
  exit(3);
}
#endif

int main(void) {
  const int problem = spikelet_init();
  if (problem) return problem;
  while (fread(spikelet_input(), 1, SPIKELET_INPUT_BYTES, stdin) == SPIKELET_INPUT_BYTES) {
    for (int i = 0; i < SPIKELET_LAYERS; i++) crcs[i] = 0xffffffffu;
    const int32_t *logits = spikelet_infer();
    for (int i = 0; i < SPIKELET_LAYERS; i++) crcs[i] = ~crcs[i];
    fwrite(crcs, sizeof crcs, 1, stdout);
    fwrite(logits, 4, SPIKELET_CLASSES, stdout);
  }
  return 0;
}
