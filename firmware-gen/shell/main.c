/* The program of a board: answers the host's requests over the link, and takes text between them for other protocols. */
#include "link.h"
#include "platform.h"
#include "requests.h"
#include "spikelet.h"

/* There is no protocol of text yet. */
static void take_text(uint8_t byte) { (void)byte; }

int main(void) {
  platform_init();
  requests_begin(spikelet_init());
  for (;;) {
    const int byte = platform_read();
    if (byte < 0)
      platform_wait();
    else if (!link_take((uint8_t)byte))
      take_text((uint8_t)byte);
  }
}
