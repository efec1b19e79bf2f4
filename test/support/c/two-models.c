/* Two models in one program: '1' or '2' and an image of pixels (i8) are answered by the logits of that
   model. */
#include "first.h"
#include "platform.h"
#include "second.h"

static uint8_t next_byte(void) {
  for (;;) {
    const int byte = platform_read();
    if (byte >= 0) return (uint8_t)byte;
    platform_wait();
  }
}

static void fill(int8_t *pixels, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) pixels[i] = (int8_t)next_byte();
}

static void tell(const int32_t *logits, uint32_t n) {
  if (logits) platform_write((const uint8_t *)logits, 4 * n);
}

int main(void) {
  platform_init();
  if (first_init() || second_init()) return 1;
  for (;;) {
    const uint8_t which = next_byte();
    if (which == '1') {
      fill(first_input(), FIRST_INPUT_BYTES);
      tell(first_infer(), FIRST_CLASSES);
    } else if (which == '2') {
      fill(second_input(), SECOND_INPUT_BYTES);
      tell(second_infer(), SECOND_CLASSES);
    } else if (which == 'n') {
      const char *name = second_classes[SECOND_CLASSES - 1];
      for (; *name; name++) platform_write((const uint8_t *)name, 1);
    } else
      platform_write(&which, 1);
  }
}
