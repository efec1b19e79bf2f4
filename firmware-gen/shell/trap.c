/* In a checked build: a layer that was about to access memory out of bounds is reported once a second, for
   ever. */
#include "platform.h"
#include "spikelet.h"
#include "text.h"

#ifdef SPIKELET_CHECKED
void spikelet_trap(const char *layer) {
  for (;;) {
    text_send("e-[trap in layer ");
    text_send(layer);
    text_send("]\r\n");
    const uint32_t start = platform_ticks();
    while (platform_ticks() - start < PLATFORM_TICKS_PER_SECOND) {
    }
  }
}
#endif
