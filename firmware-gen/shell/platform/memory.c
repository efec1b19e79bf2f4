/* The four functions that gcc emits calls of, so that no libc is needed. */
#include "../platform.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  uint8_t *d = to;
  const uint8_t *s = from;
  if ((((uintptr_t)d | (uintptr_t)s) & 3) == 0)
    for (; n >= 4; n -= 4, d += 4, s += 4) *(uint32_t *)(void *)d = *(const uint32_t *)(const void *)s;
  while (n--) *d++ = *s++;
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  uint8_t *d = to;
  const uint8_t *s = from;
  if (d <= s) return memcpy(to, from, n);
  while (n--) d[n] = s[n];
  return to;
}

void *memset(void *to, int byte, size_t n) {
  uint8_t *d = to;
  const uint32_t word = (uint8_t)byte * 0x01010101u;
  for (; n && ((uintptr_t)d & 3); n--) *d++ = (uint8_t)byte;
  for (; n >= 4; n -= 4, d += 4) *(uint32_t *)(void *)d = word;
  while (n--) *d++ = (uint8_t)byte;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const uint8_t *x = a, *y = b;
  for (; n; n--, x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}
