#include "mlperf.h"

#include "inference.h"
#include "lap.h"
#include "platform.h"
#include "softmax.h"
#include "text.h"

/* Maximum length of a command, as in the public runners. */
#define COMMAND_LENGTH 80u

/* Bytes of the image: announced by `db load`, and received. */
static uint32_t announced, loaded;

static int model_problem;

void mlperf_begin(int problem) { model_problem = problem; }

/* Answers */

static void send_with_number(const char *before, uint32_t number, const char *after) {
  text_send(before);
  text_send_number(number, 1);
  text_send(after);
}

static void send_byte(uint8_t byte) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t text[] = {(uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};
  platform_write(text, sizeof text);
}

/* Seconds, followed by six digits, are microseconds. */
static void send_lap(struct lap lap) {
  text_send("m-lap-us-");
  if (lap.seconds) text_send_number(lap.seconds, 1);
  text_send_number(lap.microseconds, lap.seconds ? 6 : 1);
  text_send("\r\n");
}

static const char *send_results(const int32_t *logits) {
  const struct softmax softmax = softmax_of(logits);
  for (uint32_t i = 0; i < SPIKELET_CLASSES; i++) {
    const uint32_t thousandths = softmax_thousandths(&softmax, i);
    send_with_number(i ? "," : "m-results-[", thousandths / 1000, ".");
    text_send_number(thousandths % 1000, 3);
  }
  return "]\r\n";
}

/* Words of a command */

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

/* The next word, terminated at its space; 0: there is none. Moves *at past it. */
static const char *next_word(char **at) {
  char *word = *at;
  while (*word == ' ') word++;
  char *end = word;
  while (*end && *end != ' ') end++;
  *at = end + (*end != 0);
  *end = 0;
  return *word ? word : 0;
}

/* The largest number in a command. */
#define MOST 1000000000

/* `otherwise` if there is no word; -1 if it is not a number; MOST + 1 if it is larger than MOST. */
static int32_t number_of(const char *word, int32_t otherwise) {
  if (!word) return otherwise;
  int32_t number = 0;
  for (; *word; word++) {
    if (*word < '0' || *word > '9') return -1;
    if (number <= MOST) number = number > MOST / 10 ? MOST + 1 : number * 10 + (*word - '0');
  }
  return number > MOST ? MOST + 1 : number;
}

static int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  letter |= 'a' ^ 'A';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The image */

/* Memory for the image; 0, after sending an error, if too little RAM is left or the model does not work. */
static uint8_t *room(void) {
  uint32_t bytes;
  uint8_t *const at = platform_spare(&bytes);
  if (model_problem) {
    text_send("e-[The model is damaged: flash the board again]\r\n");
    return 0;
  }
  if (bytes >= SPIKELET_INPUT_BYTES) return at;
  send_with_number("e-[No RAM for an image of ", SPIKELET_INPUT_BYTES, " bytes: ");
  send_with_number("", bytes, " are left over]\r\n");
  return 0;
}

static const char *db_load(const char *word) {
  const int32_t n = number_of(word, 0);
  announced = loaded = 0;
  if (!word) return "e-[Command 'db load' requires the # of bytes]\r\n";
  if (n <= 0 || n > MOST) return "e-[Command 'db load' must be >0 bytes]\r\n";
  if ((uint32_t)n > SPIKELET_INPUT_BYTES) {
    send_with_number("e-[An image has ", SPIKELET_INPUT_BYTES, " bytes");
    return "]\r\n";
  }
  if (!room()) return "";
  announced = (uint32_t)n;
  send_with_number("m-[Expecting ", announced, " bytes");
  return "]\r\n";
}

/* Eight bytes per line, as runners print them. */
static const char *db_print(const char *count, const char *offset) {
  const int32_t n = number_of(count, 16), first = number_of(offset, 0);
  if (n < 0 || first < 0) return "e-[Command 'db print' takes a # of bytes and an offset]\r\n";
  const uint8_t *const at = room();
  if (!at) return "";
  for (uint32_t i = 0; i < (uint32_t)n && (uint32_t)first + i < loaded; i++) {
    text_send(i % 8 ? "-" : i ? "\r\nm-buffer-" : "m-buffer-");
    send_byte(at[(uint32_t)first + i]);
  }
  return "\r\n";
}

/* Digits after the last announced byte are ignored. */
static const char *db_bytes(const char *digits) {
  uint8_t *const at = room();
  if (!at) return "";
  if (loaded == announced) return "e-[No bytes are expected: announce them with 'db load N']\r\n";
  for (; *digits; digits += 2) {
    if (!digits[1]) return "e-[Insufficient number of hex digits]\r\n";
    const int high = digit_of(digits[0]), low = digit_of(digits[1]);
    if (high < 0 || low < 0) {
      text_send("e-[Invalid hex digit '");
      platform_write((const uint8_t *)digits, 2);
      return "']\r\n";
    }
    at[loaded++] = (uint8_t)(high << 4 | low);
    if (loaded == announced) return "m-load-done\r\n";
  }
  return "";
}

static const char *db(char *rest) {
  const char *const word = next_word(&rest);
  if (!word) return "e-[Command 'db' requires a subcommand]\r\n";
  if (same(word, "load")) return db_load(next_word(&rest));
  if (!same(word, "print")) return db_bytes(word);
  const char *const count = next_word(&rest);
  return db_print(count, next_word(&rest));
}

/* Inference */

/* The complete image; 0, after sending an error, if it is incomplete. */
static const uint8_t *image(void) {
  if (loaded == SPIKELET_INPUT_BYTES) return room();
  send_with_number("e-[An image has ", SPIKELET_INPUT_BYTES, " bytes, ");
  send_with_number("", loaded, " are loaded]\r\n");
  return 0;
}

/* The model overwrites its input, so each inference starts from the raw pixels. */
static const int32_t *logits_of(const uint8_t *raw) {
  inference_put_raw(raw);
  return inference_run(0) ? 0 : inference.logits;
}

static const char no_logits[] = "e-[The model returns no logits: reset the board]\r\n";

/* Bytes that arrived before the command ran, and line ends since then: they do not stop it. */
static uint32_t ignored;

static void ignore_all(void) {
  for (ignored = 0; platform_peek(ignored) >= 0;) ignored++;
}

/* Whether a byte has arrived, or might have been lost because the receive buffer is full. */
static int interrupted(void) {
  int byte;
  while ((byte = platform_peek(ignored)) == '\r' || byte == '\n') ignored++;
  return byte != -1;
}

static const char *tell_interrupted(const char *what, int32_t done, int32_t wanted) {
  text_send("e-[Stopped after ");
  send_with_number("", (uint32_t)done, " of ");
  send_with_number("", (uint32_t)wanted, what);
  return "]\r\n";
}

static const char *infer(char *rest) {
  const char *const word = next_word(&rest);
  const int32_t n = number_of(word, 1), warmups = number_of(next_word(&rest), 10);
  if (n > MOST || warmups > MOST) {
    send_with_number("e-[Inference iterations and warmup must be <=", MOST, "");
    return "]\r\n";
  }
  if (n <= 0) return "e-[Inference iterations must be >0]\r\n";
  if (warmups < 0) return "e-[Inference warmup must be >=0]\r\n";
  const uint8_t *const raw = image();
  if (!raw) return "";
  ignore_all();
  send_with_number("m-warmup-start-", (uint32_t)warmups, "\r\n");
  for (int32_t done = 0; done < warmups; done++) {
    if (interrupted()) return tell_interrupted(" warm-ups", done, warmups);
    if (!logits_of(raw)) return no_logits;
    lap_now();
  }
  text_send("m-warmup-done\r\n");
  send_with_number("m-infer-start-", (uint32_t)n, "\r\n");
  const struct lap start = lap_now();
  struct lap end;
  const int32_t *logits;
  for (int32_t done = 0;;) {
    logits = logits_of(raw);
    if (!logits) return no_logits;
    end = lap_now();
    if (++done == n) break;
    if (interrupted()) return tell_interrupted(" inferences", done, n);
  }
  /* Sent after both, so that sending is not measured. */
  send_lap(start);
  send_lap(end);
  text_send("m-infer-done\r\n");
  return send_results(logits);
}

/* Computes the loaded image again, because another protocol may have used the model. */
static const char *results(void) {
  const uint8_t *const raw = image();
  if (!raw) return "";
  const int32_t *const logits = logits_of(raw);
  return logits ? send_results(logits) : no_logits;
}

static const char *timestamp(void) {
  send_lap(lap_now());
  return "";
}

/* Runners recognise the protocol by the first name and choose images by the second. */
static const char profile[] = "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[" SPIKELET_MODEL "]\r\n";

static const char help[] =
    "help, name, profile  : this text, the board, the model\r\n"
    "timestamp            : microseconds\r\n"
    "db load N            : announce an image of N bytes\r\n"
    "db HH[HH]*           : its next bytes in hexadecimal\r\n"
    "db print [N] [OFFSET]: print N of its bytes (16)\r\n"
    "infer [N] [W]        : N inferences (1) after W warm-ups (10); any byte stops it\r\n"
    "results              : the probability of each class\r\n";

/* Runs a command; returns the text to send at the end. */
static const char *run_command(char *command) {
  const char *const word = next_word(&command);
  if (!word) return "";
  if (same(word, "name")) return "m-name-dut-[" PLATFORM_NAME "]\r\n";
  if (same(word, "profile")) return profile;
  if (same(word, "help")) return help;
  if (same(word, "timestamp")) return timestamp();
  if (same(word, "db")) return db(command);
  if (same(word, "infer")) return infer(command);
  if (same(word, "results")) return results();
  text_send("e-[Unknown command: ");
  text_send(word);
  return "]\r\n";
}

void mlperf_byte(uint8_t byte) {
  static char command[COMMAND_LENGTH + 1];
  static uint32_t length; /* COMMAND_LENGTH + 1: too long */
  if (byte != '%') {
    /* A control byte restarts the command: a terminal's line end, or leftovers of something else. */
    if (byte < ' ' || byte > '~') length = 0;
    else if (length < COMMAND_LENGTH) command[length++] = (char)byte;
    else length = COMMAND_LENGTH + 1;
    return;
  }
  const uint32_t ended = length;
  length = 0;
  if (ended > COMMAND_LENGTH) send_with_number("e-[A command has at most ", COMMAND_LENGTH, " characters]\r\n");
  else {
    command[ended] = 0;
    text_send(run_command(command));
  }
  text_send("m-ready\r\n");
}
