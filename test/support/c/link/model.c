/* What spikelet.h promises. */
#include "spikelet.h"

static int8_t input[SPIKELET_INPUT_BYTES];
static uint8_t counts[SPIKELET_LAYERS][6];
static int32_t logits[SPIKELET_CLASSES];

const struct spikelet_layer spikelet_layers[SPIKELET_LAYERS] = {
    {"halves", counts[0], 6, 1, 1, 3, 4, 4},
    {"bytes", counts[1], 6, 1, 1, 6, 1, 8},
};

int spikelet_init(void) { return 0; }
int8_t *spikelet_input(void) { return input; }

void spikelet_pixels(const uint8_t *raw) {
  for (uint32_t i = 0; i < SPIKELET_INPUT_BYTES; i++) input[i] = (int8_t)(raw[i] - 128);
}

/* Uses its input up, as models do. */
const int32_t *spikelet_infer(void) {
  logits[0] = logits[1] = 0;
  for (uint32_t i = 0; i < SPIKELET_INPUT_BYTES; i++) {
    logits[0] += input[i] * (int32_t)(i + 1);
    logits[1] = logits[1] * 31 % 65521 + input[i];
    input[i] = 85;
  }
  for (uint32_t layer = 0; layer < SPIKELET_LAYERS; layer++) {
    for (uint32_t i = 0; i < 6; i++) counts[layer][i] = (uint8_t)(logits[layer] >> i);
    spikelet_trace(layer, 0, 1);
  }
  logits[2]++;
  return logits;
}
