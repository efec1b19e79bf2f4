/* A board's program: answers the host's requests over the link, and MLPerf Tiny's commands in the text in
   between. */
#include "link.h"
#include "mlperf.h"
#include "platform.h"
#include "requests.h"
#include "spikelet.h"

int main(void) {
  platform_init();
  const int problem = spikelet_init();
  requests_begin(problem);
  mlperf_begin(problem);
  for (;;) {
    const int byte = platform_read();
    if (byte < 0)
      platform_wait();
    else if (!link_take((uint8_t)byte))
      mlperf_byte((uint8_t)byte);
  }
}
