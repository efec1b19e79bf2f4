/* Boards whose program memory is RAM: behaves like NOR flash, where writes only clear bits. */
#include "../platform.h"

/* An address below the base wraps to a large one. */
static int outside(uint32_t at, uint32_t bytes) {
  return bytes > PLATFORM_FLASH_BYTES || at - PLATFORM_FLASH_BASE > PLATFORM_FLASH_BYTES - bytes;
}

int platform_flash_erase(uint32_t at, uint32_t bytes) {
  if (outside(at, bytes) || at % PLATFORM_FLASH_SECTOR || bytes % PLATFORM_FLASH_SECTOR) return -1;
  memset((void *)(uintptr_t)at, 0xFF, bytes);
  return 0;
}

int platform_flash_write(uint32_t at, const uint8_t *bytes, uint32_t n) {
  if (outside(at, n) || at % PLATFORM_FLASH_UNIT || n % PLATFORM_FLASH_UNIT) return -1;
  volatile uint8_t *to = (volatile uint8_t *)(uintptr_t)at;
  int result = 0;
  for (; n; n--, to++, bytes++) {
    *to = *to & *bytes;
    if (*to != *bytes) result = -1;
  }
  return result;
}
