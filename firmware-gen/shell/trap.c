/* Of a checked build: a layer that was about to leave its memory is named every second, and nothing else is done. */
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
