#include "text.h"

#include "platform.h"

void text_send(const char *text) {
  uint32_t n = 0;
  while (text[n]) n++;
  platform_write((const uint8_t *)text, n);
}

void text_send_number(uint32_t number, uint32_t digits) {
  uint8_t text[10];
  uint32_t at = sizeof text;
  for (; number || at > sizeof text - digits; number /= 10) text[--at] = (uint8_t)('0' + number % 10);
  platform_write(text + at, sizeof text - at);
}
