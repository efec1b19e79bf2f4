/* Sends back each byte plus one; 'R' resets, 'S' sends the stack used, 'T' the ticks: four bytes each, low first. */
#include "platform.h"

static void send_word(uint32_t value) {
  uint8_t bytes[4];
  for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  platform_write(bytes, 4);
}

int main(void) {
  platform_init();
  for (;;) {
    const int byte = platform_read();
    if (byte < 0) {
      platform_wait();
      continue;
    }
    if (byte == 'R') platform_reset();
    if (byte == 'S') send_word(platform_stack_used());
    else if (byte == 'T') send_word(platform_ticks());
    else {
      const uint8_t next = (uint8_t)(byte + 1);
      platform_write(&next, 1);
    }
  }
}
