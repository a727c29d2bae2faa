#include "health_gate.h"

#include <string.h>

enum {
  MS_PER_S = 1000,
  Z = 3, /* standard deviations: one window in a thousand lies further out by chance */
  ROOT_SCALE = 4000,
  BOUND_REQUESTS_MAX = 1 << 20 /* more are scaled down: squares must fit 64 bits */
};

_Static_assert(4ULL * BOUND_REQUESTS_MAX / 2 * (BOUND_REQUESTS_MAX / 2) <=
                   UINT64_MAX / (ROOT_SCALE * ROOT_SCALE),
               "products under the root fit");

const uint8_t gate_windows_s[GATE_WINDOWS] = {3, 10, HEALTH_WINDOW_S};

const char *gate_state_name(enum gate_state state) {
  static const char *const names[GATE_STATE_COUNT] = {
      [GATE_HEALTHY] = "healthy", [GATE_OUT] = "unhealthy", [GATE_PROBING] = "probing"};
  return names[state];
}

/* ---- The bound ---- */

/* The greatest number whose square is at most value. */
static uint64_t root_of(uint64_t value) {
  uint64_t root = 0;
  for (uint64_t bit = 1ULL << 31; bit > 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= value)
      root += bit;
  }
  return root;
}

/* Twice the formula's numerator and denominator, so that z^2/2 is whole: 2k + z^2 - z sqrt(4k(n - k)/n + z^2)
 * over 2(n + z^2). */
uint16_t gate_bound(uint32_t faults, uint32_t requests) {
  uint64_t k = faults, n = requests;
  if (k == 0 || n == 0)
    return 0;
  for (; n > BOUND_REQUESTS_MAX; n /= 2)
    k /= 2;
  if (k > n)
    k = n;
  uint64_t under = 4 * k * (n - k) * ROOT_SCALE * ROOT_SCALE / n + (uint64_t)Z * Z * ROOT_SCALE * ROOT_SCALE;
  uint64_t root = root_of(under);
  if (root * root < under)
    root++; /* rounded up, so that the bound is rounded down */
  uint64_t whole = (2 * k + (uint64_t)Z * Z) * ROOT_SCALE;
  uint64_t part = Z * root;
  return part >= whole ? 0
                       : (uint16_t)((whole - part) * SHARE_WHOLE / (2 * (n + (uint64_t)Z * Z) * ROOT_SCALE));
}

/* ---- Counting ---- */

static void count(struct gate *gate, int64_t now_ms, bool fault) {
  int64_t second = now_ms / MS_PER_S + 1;
  struct gate_second *at = &gate->seconds[second % HEALTH_WINDOW_S];
  if (at->second != second)
    *at = (struct gate_second){.second = second};
  at->requests++;
  at->faults += fault;
}

static uint16_t threshold_of(const struct gate *gate) {
  return gate->limits.threshold ? gate->limits.threshold : GATE_THRESHOLD;
}

static uint16_t samples_of(const struct gate *gate) {
  return gate->limits.samples ? gate->limits.samples : GATE_SAMPLES_MIN;
}

static uint32_t next_out_ms(const struct gate *gate) {
  uint32_t first = gate->limits.out_first_ms ? gate->limits.out_first_ms : GATE_OUT_FIRST_MS;
  uint32_t last = gate->limits.out_last_ms ? gate->limits.out_last_ms : GATE_OUT_LAST_MS;
  uint32_t twice = 2 * gate->out_ms;
  return twice == 0 ? first : twice > last ? last : twice;
}

static struct gate_figures sum(const struct gate *gate, int64_t now_ms, unsigned window_s) {
  struct gate_figures figures = {.threshold = threshold_of(gate), .window_s = (uint16_t)window_s};
  int64_t newest = now_ms / MS_PER_S + 1;
  for (unsigned i = 0; i < HEALTH_WINDOW_S; i++) {
    const struct gate_second *at = &gate->seconds[i];
    if (at->second <= newest - (int64_t)window_s || at->second > newest)
      continue;
    figures.requests += at->requests;
    figures.faults += at->faults;
  }
  figures.bound = gate_bound(figures.faults, figures.requests);
  return figures;
}

struct gate_figures gate_read(const struct gate *gate, int64_t now_ms) {
  return sum(gate, now_ms, HEALTH_WINDOW_S);
}

static void remember(struct gate *gate, int64_t now_ms, const struct gate_answer *answer) {
  gate->failed[gate->failed_next] =
      (struct gate_failed){.merchant = *answer->merchant, .payment = *answer->payment, .at_ms = now_ms};
  gate->failed_next = (uint8_t)((gate->failed_next + 1) % GATE_FAILED_MAX);
}

void gate_forget(struct gate *gate) {
  memset(gate->seconds, 0, sizeof gate->seconds);
  memset(gate->failed, 0, sizeof gate->failed);
  gate->failed_next = 0;
  gate->row = 0;
}

/* ---- States ---- */

static void enter(struct gate *gate, int64_t now_ms, enum gate_state state,
                  const struct gate_figures *figures) {
  gate->state = state;
  gate->since_ms = now_ms;
  gate->figures = *figures;
  gate->good = gate->canaries = 0;
  gate->canary_ms = 0;
}

static void take_out(struct gate *gate, int64_t now_ms, const struct gate_figures *figures) {
  gate->out_ms = next_out_ms(gate);
  gate->probe_ms = now_ms + gate->out_ms;
  enter(gate, now_ms, GATE_OUT, figures);
}

/* By the last requests alone, however long they took to come: so many in a row are no chance even where one
 * in ten may fail. */
static bool look_at_row(struct gate *gate, int64_t now_ms) {
  if (gate->row < GATE_ROW || gate_read(gate, now_ms).requests >= samples_of(gate))
    return false;
  struct gate_figures figures = {.requests = gate->row,
                                 .faults = gate->row,
                                 .bound = gate_bound(gate->row, gate->row),
                                 .threshold = threshold_of(gate)};
  if (figures.bound <= figures.threshold)
    return false;
  take_out(gate, now_ms, &figures);
  return true;
}

static bool look_at_windows(struct gate *gate, int64_t now_ms) {
  for (unsigned i = 0; i < GATE_WINDOWS; i++) {
    struct gate_figures figures = sum(gate, now_ms, gate_windows_s[i]);
    if (figures.requests < samples_of(gate) || figures.bound <= figures.threshold)
      continue;
    take_out(gate, now_ms, &figures);
    return true;
  }
  return false;
}

static struct gate_figures figures_of_probing(const struct gate *gate, uint32_t faults) {
  return (struct gate_figures){.requests = gate->good + faults,
                               .faults = faults,
                               .bound = gate_bound(faults, gate->good + faults),
                               .threshold = threshold_of(gate)};
}

static bool note_probe(struct gate *gate, int64_t now_ms, bool fault) {
  if (gate->canaries > 0)
    gate->canaries--;
  if (fault) {
    struct gate_figures figures = figures_of_probing(gate, 1);
    take_out(gate, now_ms, &figures);
    return true;
  }
  if (++gate->good < (gate->limits.good ? gate->limits.good : GATE_GOOD_WANTED))
    return false;
  struct gate_figures figures = figures_of_probing(gate, 0);
  enter(gate, now_ms, GATE_HEALTHY, &figures);
  gate->out_ms = 0;
  gate_forget(gate); /* what lies before says nothing of it as it is now */
  return true;
}

bool gate_note(struct gate *gate, int64_t now_ms, const struct gate_answer *answer) {
  count(gate, now_ms, answer->fault);
  gate->row = answer->fault ? gate->row + 1 : 0;
  if (answer->fault)
    remember(gate, now_ms, answer);
  if (gate->state == GATE_HEALTHY)
    return answer->fault && (look_at_windows(gate, now_ms) || look_at_row(gate, now_ms));
  return gate->state == GATE_PROBING && answer->sent_ms >= gate->since_ms &&
         note_probe(gate, now_ms, answer->fault);
}

bool gate_pass_time(struct gate *gate, int64_t now_ms) {
  if (gate->state != GATE_OUT || now_ms < gate->probe_ms)
    return false;
  struct gate_figures figures = gate_read(gate, now_ms);
  enter(gate, now_ms, GATE_PROBING, &figures);
  return true;
}

int64_t gate_due(const struct gate *gate) {
  return gate->state == GATE_OUT ? gate->probe_ms : -1;
}

/* ---- Canaries ---- */

bool gate_takes_canary(const struct gate *gate, int64_t now_ms) {
  bool lost = now_ms - gate->canary_ms >= GATE_CANARY_LOST_MS;
  return gate->state == GATE_PROBING && (gate->canaries <= gate->good || lost);
}

bool gate_wants_canary(const struct gate *gate, int64_t now_ms) {
  return gate_takes_canary(gate, now_ms) && now_ms - gate->canary_ms >= GATE_CANARY_WAIT_MS;
}

void gate_sent(struct gate *gate, int64_t now_ms) {
  if (gate->state != GATE_PROBING)
    return;
  if (now_ms - gate->canary_ms >= GATE_CANARY_LOST_MS)
    gate->canaries = 0;
  gate->canaries++;
  gate->canary_ms = now_ms;
}
