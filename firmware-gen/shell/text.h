/* Text over the serial port, in addition to the link's frames. */
#ifndef SPIKELET_TEXT_H
#define SPIKELET_TEXT_H

#include <stdint.h>

void text_send(const char *text);

/* In decimal, with at least `digits` digits, at most 10. */
void text_send_number(uint32_t number, uint32_t digits);

#endif
