/* Text over the serial port, beside the frames of the link. */
#ifndef SPIKELET_TEXT_H
#define SPIKELET_TEXT_H

#include <stdint.h>

void text_send(const char *text);

/* In decimal, with so many digits at least; 10 at most. */
void text_send_number(uint32_t number, uint32_t digits);

#endif
