#include "saboteur.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "draws_seeded.h"

enum { KILLINGS_MIN = 2, KILLINGS_MAX = 5, PERCENT_BOTH = 35, FAULT_EVERY_MS = 500 };

struct saboteur {
  struct shop *shop;
  struct chance chance;
  unsigned milliseconds;
  struct saboteur_report report;
  pthread_t thread;
};

static void pause_ms(unsigned milliseconds) {
  struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

/* ---- Kills ---- */

/* The codes that it leased die with it. Counted before it is killed: whoever counted fewer before it asked
 * for a code may have had it from the one that dies. */
static void count_death(struct shop *shop) {
  pthread_mutex_lock(&shop->lock);
  shop->vault_deaths++;
  pthread_mutex_unlock(&shop->lock);
}

void saboteur_kill(struct shop *shop, const char *name, struct saboteur_report *report) {
  struct stack_processes now = stack_processes_now(shop->supervisor);
  for (unsigned i = 0; i < now.count; i++) {
    if (strcmp(now.at[i].name, name) != 0)
      continue;
    if (strcmp(name, "vault") == 0)
      count_death(shop);
    if (kill(now.at[i].pid, SIGKILL) != 0)
      continue;
    report->killed++;
    for (unsigned j = 0; j < shop->expected.count; j++)
      report->kills[j] += strcmp(shop->expected.at[j].name, name) == 0;
  }
}

static void kill_some(struct saboteur *saboteur) {
  const struct stack_processes *expected = &saboteur->shop->expected;
  unsigned first = chance_below(&saboteur->chance, expected->count);
  unsigned second = (first + 1 + chance_below(&saboteur->chance, expected->count - 1)) % expected->count;
  saboteur_kill(saboteur->shop, expected->at[first].name, &saboteur->report);
  if (chance_is(&saboteur->chance, PERCENT_BOTH))
    saboteur_kill(saboteur->shop, expected->at[second].name, &saboteur->report);
}

/* ---- Faults ---- */

static void switch_fault(struct saboteur *saboteur) {
  static const char *const connectors[] = {"adyen", "checkout", "stripe"};
  static const char *const faults[] = {
      "none",          "none",        "refuse",     "reset_before",    "reset_after",
      "reset_after",   "hang_before", "hang_after", "http_500_before", "http_500_after",
      "garbage_after", "status_403",  "status_404"};
  static const char *const operations[] = {
      "\"authorize\",\"charge\"", "\"capture\",\"refund\",\"void\"",
      "\"authorize\",\"charge\",\"capture\",\"refund\",\"void\"",
      "\"authorize\",\"charge\",\"capture\",\"refund\",\"void\",\"status\""};
  struct chance *chance = &saboteur->chance;
  char behaviour[256];
  const char *connector = connectors[chance_below(chance, 3)];
  const char *fault = faults[chance_below(chance, sizeof faults / sizeof *faults)];
  /* Adyen calls transient only what went no further. */
  bool transient = strcmp(fault, "http_500_before") == 0 && chance_is(chance, 50);
  snprintf(
      behaviour, sizeof behaviour,
      "{\"fault\":\"%s\",\"rate\":0.%u,\"latency_ms\":%u,\"transient\":%s,\"operations\":[%s],\"seed\":%u}",
      fault, 1 + chance_below(chance, 6), chance_below(chance, 4) * 60, transient ? "true" : "false",
      operations[chance_below(chance, sizeof operations / sizeof *operations)],
      chance_below(chance, 1000000));
  saboteur->report.faults += shop_behave(saboteur->shop, connector, behaviour);
}

/* ---- Its thread ---- */

/* When it kills, in milliseconds from the beginning, in order. */
static unsigned plan_killings(struct saboteur *saboteur, unsigned ret_at[KILLINGS_MAX]) {
  unsigned count = KILLINGS_MIN + chance_below(&saboteur->chance, KILLINGS_MAX - KILLINGS_MIN + 1);
  for (unsigned i = 0; i < count; i++) /* one in each part of the time, so that they do not all meet */
    ret_at[i] =
        saboteur->milliseconds / count * i + chance_below(&saboteur->chance, saboteur->milliseconds / count);
  return count;
}

static void *sabotage(void *context) {
  struct saboteur *saboteur = context;
  unsigned at[KILLINGS_MAX], next = 0, now = 0;
  unsigned count = plan_killings(saboteur, at);
  while (now < saboteur->milliseconds) {
    unsigned step = 1 + chance_below(&saboteur->chance, FAULT_EVERY_MS);
    if (next < count && at[next] <= now + step) {
      pause_ms(at[next] > now ? at[next] - now : 0);
      now = at[next] > now ? at[next] : now;
      kill_some(saboteur);
      next++;
    } else {
      pause_ms(step);
      now += step;
      switch_fault(saboteur);
    }
  }
  return NULL;
}

struct saboteur *saboteur_start(struct shop *shop, unsigned round, unsigned milliseconds) {
  struct saboteur *saboteur = calloc(1, sizeof *saboteur);
  if (saboteur == NULL)
    return NULL;
  saboteur->shop = shop;
  saboteur->chance = chance_new(shop->seed, round, 0);
  saboteur->milliseconds = milliseconds;
  if (pthread_create(&saboteur->thread, NULL, sabotage, saboteur) == 0)
    return saboteur;
  free(saboteur);
  return NULL;
}

void saboteur_end(struct saboteur *saboteur, struct saboteur_report *report) {
  pthread_join(saboteur->thread, NULL);
  report->faults += saboteur->report.faults;
  report->killed += saboteur->report.killed;
  for (unsigned i = 0; i < STACK_PROCESSES_MAX; i++)
    report->kills[i] += saboteur->report.kills[i];
  free(saboteur);
}
