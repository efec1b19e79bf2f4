/* Boards programmed by their ROM loader or a probe: firmware does not write the flash it runs from. */
#include "../platform.h"

int platform_flash_erase(uint32_t at, uint32_t bytes) {
  (void)at, (void)bytes;
  return -1;
}

int platform_flash_write(uint32_t at, const uint8_t *bytes, uint32_t n) {
  (void)at, (void)bytes, (void)n;
  return -1;
}
