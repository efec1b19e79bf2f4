/*
 * Sends back each byte plus one; 'R' resets, 'S' sends the stack used, 'L' the ticks of a loop of 10,000 and
 * of one of 30,000 turns: four bytes each, low first.
 */
#include "platform.h"

static void send_word(uint32_t value) {
  uint8_t bytes[4];
  for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  platform_write(bytes, 4);
}

/* Two instructions a turn. */
static uint32_t ticks_of(uint32_t turns) {
  const uint32_t start = platform_ticks();
#ifdef __riscv
  __asm__ volatile("1: addi %0, %0, -1\n bnez %0, 1b\n" : "+r"(turns));
#else
  __asm__ volatile(".syntax unified\n 1: subs %0, #1\n bne 1b\n" : "+l"(turns)::"cc");
#endif
  return platform_ticks() - start;
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
    else if (byte == 'L') {
      send_word(ticks_of(10000));
      send_word(ticks_of(30000));
    }
    else {
      const uint8_t next = (uint8_t)(byte + 1);
      platform_write(&next, 1);
    }
  }
}
