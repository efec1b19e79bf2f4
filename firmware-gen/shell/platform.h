/*
 * What the shell (link, commands, loader) needs from a board. One .c under platform/ serves a family of
 * parts; board.h holds the numbers of one board. It is printed from firmware-gen/boards/, with the names
 *
 *   PLATFORM_NAME                      "mps2-an386"
 *   PLATFORM_CLOCK_HZ, PLATFORM_BAUD
 *   PLATFORM_TICKS_PER_SECOND          of platform_ticks()
 *   PLATFORM_COUNT_MEANS               what a profile counts: "instructions", "cycles" or "microseconds"
 *   PLATFORM_COUNT_PER_TICKS, PLATFORM_COUNT_TICKS   count = ticks * PER_TICKS / TICKS
 *   PLATFORM_CODE_BASE, PLATFORM_CODE_BYTES          program memory: flash, or RAM used as flash
 *   PLATFORM_FLASH_BASE, PLATFORM_FLASH_BYTES        memory that platform_flash_*() change
 *   PLATFORM_FLASH_SECTOR, PLATFORM_FLASH_UNIT
 *   PLATFORM_RAM_BASE, PLATFORM_RAM_BYTES, PLATFORM_STACK_BYTES
 */
#ifndef SPIKELET_PLATFORM_H
#define SPIKELET_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include "board.h"

/* Clocks, serial port, counter. Called first in main(); interrupts are on afterwards. */
void platform_init(void);

/* The next received byte, or -1. Bytes are received by interrupt into a buffer of PLATFORM_RECEIVE_BYTES. */
int platform_read(void);

/* The byte that platform_read() will return after `ahead` others, without removing it. -1: none yet, -2:
   beyond the buffer. */
int platform_peek(uint32_t ahead);

/* Sends bytes; returns when the last one is being sent. */
void platform_write(const uint8_t *bytes, uint32_t n);

/* Free-running 32-bit counter. Zero is arbitrary. */
uint32_t platform_ticks(void);

/* Sleeps until an interrupt; for loops that wait for a byte. May return at once. */
void platform_wait(void);

/* Unused RAM, from the end of all variables to the end of the RAM, and its size. */
uint8_t *platform_spare(uint32_t *bytes);

/* Resets the board. Does not return. */
void platform_reset(void) __attribute__((noreturn));

/* Most bytes of stack used since reset, by the painted pattern; at most PLATFORM_STACK_BYTES. */
uint32_t platform_stack_used(void);

/*
 * Program memory, for the loader. Addresses are absolute; an erase covers whole sectors of
 * PLATFORM_FLASH_SECTOR bytes, a write aligned units of PLATFORM_FLASH_UNIT bytes of erased memory. 0: ok,
 * -1: refused or failed.
 */
int platform_flash_erase(uint32_t at, uint32_t bytes);
int platform_flash_write(uint32_t at, const uint8_t *bytes, uint32_t n);

/* Jumps to the program whose vector table (Cortex-M) or first instruction (RISC-V) is at this address. */
void platform_boot(uint32_t vector_table) __attribute__((noreturn));

/* The compiler emits calls of these; there is no libc. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

int main(void);

#endif
