/* Kills the processes of a stack at random, under load, with PSPs that misbehave, and compares the books with
 * the ledger when the dust has settled.
 *
 *   kill-recover --stack PID --rounds N --seconds S --seed SEED
 *
 * acts on the stack whose `freeport up` is PID, with the addresses and keys of its env file in the
 * environment. Prints a line a round and one at the end; the exit status is 0 when nothing was wrong. */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reckoning.h"
#include "saboteur.h"
#include "settling.h"
#include "shoppers.h"

enum { EXIT_WRONG = 1, EXIT_USAGE = 64, FIRST_TOKENS = 10 };

struct run_options {
  unsigned long stack, rounds, seconds, seed;
};

static bool parse_options(int argc, char **argv, struct run_options *ret_options) {
  static const struct option options[] = {{"stack", required_argument, NULL, 'p'},
                                          {"rounds", required_argument, NULL, 'r'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"seed", required_argument, NULL, 'e'},
                                          {0}};
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    char *end = NULL;
    unsigned long value = option != '?' ? strtoul(optarg, &end, 10) : 0;
    if (option == '?' || *end != '\0' || end == optarg)
      return false;
    *(option == 'p'   ? &ret_options->stack
      : option == 'r' ? &ret_options->rounds
      : option == 's' ? &ret_options->seconds
                      : &ret_options->seed) = value;
  }
  return optind == argc && ret_options->stack > 0 && ret_options->rounds > 0 && ret_options->seconds > 0;
}

static bool find_urls(struct stack_urls *ret_urls) {
  *ret_urls = (struct stack_urls){.api = getenv("FREEPORT_API_URL"),
                                  .collect = getenv("FREEPORT_COLLECT_URL"),
                                  .sandbox = getenv("FREEPORT_SANDBOX_URL"),
                                  .secret_key = getenv("FREEPORT_SECRET_KEY"),
                                  .publishable_key = getenv("FREEPORT_PUBLISHABLE_KEY")};
  return ret_urls->api != NULL && ret_urls->collect != NULL && ret_urls->sandbox != NULL &&
         ret_urls->secret_key != NULL && ret_urls->publishable_key != NULL;
}

static unsigned seconds_since(const struct timespec *start) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (unsigned)(now.tv_sec - start->tv_sec);
}

static void print_kills(const struct shop *shop, const struct saboteur_report *report) {
  printf("%u kills (", report->killed);
  for (unsigned i = 0; i < shop->expected.count; i++)
    printf("%s%s %u", i > 0 ? ", " : "", shop->expected.at[i].name, report->kills[i]);
  printf("), %u faults", report->faults);
}

static void print_reckoning(const struct reckoning *reckoning) {
  printf("%u payments, %u ended, open: %u adyen keeps an error, %u code lost; %u lines and %u tokens",
         reckoning->payments, reckoning->ended, reckoning->open[OPEN_ERROR_KEPT],
         reckoning->open[OPEN_CODE_LOST], reckoning->lines, reckoning->tokens);
}

/* Returns whether the next round can begin. */
static bool run_round(struct shop *shop, unsigned round, unsigned seconds, struct saboteur_report *total,
                      struct reckoning *ret_reckoning) {
  struct timespec start;
  struct saboteur_report report = {0};
  struct saboteur *saboteur = saboteur_start(shop, round, seconds * 1000);
  if (saboteur == NULL)
    return false;
  shoppers_run(shop, round, seconds * 1000);
  saboteur_end(saboteur, &report);
  clock_gettime(CLOCK_MONOTONIC, &start);
  json_t *ledger = settle(shop, round % 2 == 0, &report);
  if (ledger == NULL)
    return false;
  unsigned settled = seconds_since(&start);
  *ret_reckoning = reckon(shop, ledger);
  json_decref(ledger);
  printf("round %u: ", round);
  print_kills(shop, &report);
  printf(", settled in %u s; so far ", settled);
  print_reckoning(ret_reckoning);
  putchar('\n');
  total->faults += report.faults;
  total->killed += report.killed;
  for (unsigned i = 0; i < STACK_PROCESSES_MAX; i++)
    total->kills[i] += report.kills[i];
  return shop->violations == 0;
}

static bool open_shop(struct shop *shop, const struct run_options *options) {
  shop->supervisor = (pid_t)options->stack;
  shop->seed = options->seed;
  shop->orders = calloc(ORDERS_MAX, sizeof *shop->orders);
  pthread_mutex_init(&shop->lock, NULL);
  shop->expected = stack_processes_now(shop->supervisor);
  if (shop->orders == NULL || shop->expected.count < 2)
    return false;
  for (unsigned i = 0; i < FIRST_TOKENS; i++) {
    if (!shop_tokenize(shop, i))
      return false;
  }
  return true;
}

int main(int argc, char **argv) {
  static struct shop shop;
  struct run_options options = {0};
  struct saboteur_report total = {0};
  struct reckoning reckoning = {0};
  if (!parse_options(argc, argv, &options) || !find_urls(&shop.urls)) {
    fputs("usage: kill-recover --stack PID --rounds N --seconds S --seed SEED (and the stack's env)\n",
          stderr);
    return EXIT_USAGE;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  bool good = open_shop(&shop, &options);
  unsigned rounds = 0;
  while (good && rounds < options.rounds)
    good = run_round(&shop, ++rounds, (unsigned)options.seconds, &total, &reckoning);
  printf("seed %lu, %u rounds: ", options.seed, rounds);
  print_kills(&shop, &total);
  printf(", %u requests; ", shop.requests);
  print_reckoning(&reckoning);
  printf(": %u wrong\n", shop.violations);
  return good && shop.violations == 0 ? 0 : EXIT_WRONG;
}
