/* A program that says which it is: '?' sends the last of FILLER_BYTES bytes, all of them VERSION; 'R'
   resets. */
#include "platform.h"

#ifndef FILLER_BYTES
#define FILLER_BYTES 4096
#endif

static const volatile uint8_t filler[FILLER_BYTES] = {[0 ... FILLER_BYTES - 1] = VERSION};

int main(void) {
  platform_init();
  for (;;) {
    const int byte = platform_read();
    if (byte == 'R') platform_reset();
    if (byte == '?') {
      const uint8_t version = filler[FILLER_BYTES - 1];
      platform_write(&version, 1);
    }
  }
}
