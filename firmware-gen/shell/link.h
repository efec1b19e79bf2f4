/*
 * The link to the host: frames of bytes over the serial port, beside text. host/device/link-frames.ts is its twin.
 *
 * Every byte of a frame has its top bit set, a zero byte ends it, and text is all other bytes. So nothing that is lost or
 * spoilt turns one into the other for longer than a frame, and no frame needs a time limit. A frame's bytes go in groups
 * of seven: one byte of their top bits (bit n: of the nth), then their lower seven bits each. They are, low byte first:
 *
 *   sequence u16, kind u8, LINK_VERSION u8, payload (LINK_PAYLOAD bytes at most), CRC-32 of all before
 *
 * The host asks, the device answers with the same sequence: with kind + 0x80, or with LINK_ERROR and a payload of
 * (enum link_error u8, kind u8). A request that the host sends again, because its answer did not come, has the sequence
 * of the one before, and is answered without being done twice. A damaged frame is answered with LINK_DAMAGED at once.
 */
#ifndef SPIKELET_LINK_H
#define SPIKELET_LINK_H

#include <stdint.h>

#define LINK_VERSION 1u
#define LINK_PAYLOAD 516u
/* Begins a session: requests before it are refused, so that a device that lost its state says so. */
#define LINK_HELLO 1u
#define LINK_ERROR 0xFFu

enum link_error {
  LINK_DAMAGED = 1,    /* the CRC is wrong, or the frame too long; of no known request */
  LINK_OTHER_VERSION,  /* the host speaks another version */
  LINK_NO_SESSION,     /* no hello since the start */
  LINK_UNKNOWN,        /* no such request */
  LINK_WRONG_SIZE,     /* the payload is not as long as the request wants it */
  LINK_OUT_OF_ORDER,   /* pixels that lie outside of the image, or leave a gap */
  LINK_INCOMPLETE,     /* not all pixels came since the last inference */
  LINK_NOT_COMPUTED,   /* nothing was computed that could be told */
  LINK_NOT_TRACED,     /* the firmware was compiled without SPIKELET_TRACE */
  LINK_NO_MODEL,       /* spikelet_init() failed: hello tells how */
};

/* Takes a received byte; a whole request is answered before this returns. 0: the byte is text. */
int link_take(uint8_t byte);

/* An answer: begun, its payload piece by piece, sent. */
void link_begin(uint8_t kind);
void link_put(const void *bytes, uint32_t n);
void link_put_u32(uint32_t value);
void link_end(void);
void link_refuse(enum link_error error);

/* Yours: answers a request. `payload` is aligned to words; `repeated`: it was answered before. */
void link_request(uint8_t kind, const uint8_t *payload, uint32_t n, int repeated);

#endif
