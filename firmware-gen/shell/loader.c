/*
 * spikelet's own loader: it is at the core's start address, receives programs over the serial port and starts
 * the newest complete one. After a reset a client has LOADER_WINDOW_MS to call it.
 */
#include "an3155.h"
#include "platform.h"
#include "slots.h"

#ifndef LOADER_WINDOW_MS
#define LOADER_WINDOW_MS 1000u
#endif
/* After this much silence from a client, the program starts. */
#define LOADER_IDLE_SECONDS 20u

int main(void) {
  platform_init();
  uint32_t program = slots_settle();
  if (program && !an3155_called(LOADER_WINDOW_MS)) platform_boot(program);
  for (;;) {
    an3155_serve(LOADER_IDLE_SECONDS);
    program = slots_settle();
    if (program) platform_boot(program);
  }
}
