/* The simulator: payments through every fault that can be named, from a seed. See README.md. */
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "wrong.h"

enum { EXIT_USAGE = 64, PAYMENTS = 100000, WRONG_PAYMENTS = 10000, CRASHED_SCENARIOS = 400 };

struct options {
  struct run run;
  bool crash_points, list_wrong, payments_given, help;
  unsigned scenarios; /* of --crash-points */
  enum wrong wrong;
};

static const struct option table[] = {
    {"seed", required_argument, NULL, 's'},     {"payments", required_argument, NULL, 'p'},
    {"minutes", required_argument, NULL, 'm'},  {"crash-points", no_argument, NULL, 'c'},
    {"list-wrong", no_argument, NULL, 'l'},     {"wrong", required_argument, NULL, 'w'},
    {"universe", required_argument, NULL, 'u'}, {"scenarios", required_argument, NULL, 'n'},
    {"help", no_argument, NULL, 'h'},           {"spare", required_argument, NULL, 'f'},
    {"only", required_argument, NULL, 'o'},     {0},
};

static const char usage[] = "usage: ./run sim [options]\n"
                            "\n"
                            "  --seed N        everything follows from it (default 1)\n"
                            "  --payments N    how many (default 100000)\n"
                            "  --minutes N     for so long, instead\n"
                            "  --crash-points  every write and every message as the point of a crash, and "
                            "every pair of them in a row\n"
                            "  --scenarios N   of so many payments (default 400; a minute on one core)\n"
                            "  --list-wrong    the known-wrong routers that the simulator must catch\n"
                            "  --wrong NAME    runs one of them\n"
                            "  --universe N    one universe of the run alone, and its story\n"
                            "  --only N,N,...  and of that these payments alone\n"
                            "  --spare MASK    and without those of its faults (as a failure prints it)\n"
                            "\n"
                            "Exit status: 0 when all held, 1 when something did not, 64 for wrong usage.\n";

static bool read_number(const char *text, uint64_t *ret_number) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
    return false;
  *ret_number = number;
  return true;
}

static bool take_option(struct options *options, int option, const char *value) {
  uint64_t number;
  switch (option) {
  case 's':
    return read_number(value, &options->run.seed);
  case 'p':
    options->payments_given = true;
    return read_number(value, &options->run.payments) && options->run.payments > 0;
  case 'm':
    if (!read_number(value, &number) || number == 0 || number > INT32_MAX)
      return false;
    options->run.minutes = (int64_t)number;
    return true;
  case 'n':
    if (!read_number(value, &number) || number == 0 || number > UINT32_MAX)
      return false;
    options->scenarios = (unsigned)number;
    return true;
  case 'h':
    return options->help = true;
  case 'c':
    return options->crash_points = true;
  case 'l':
    return options->list_wrong = true;
  case 'w':
    options->wrong = wrong_named(value);
    return options->wrong < WRONG_COUNT;
  case 'u':
    options->run.alone = true;
    return read_number(value, &options->run.universe);
  case 'f':
    return read_number(value, &options->run.faults_left_out);
  case 'o':
    options->run.only = value;
    return true;
  default:
    return false;
  }
}

static bool read_options(struct options *options, int argc, char **argv) {
  int option;
  while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
    if (!take_option(options, option, optarg))
      return false;
  }
  return optind == argc && (!options->run.only || options->run.alone);
}

static void list_wrong(void) {
  for (unsigned i = WRONG_NOTHING + 1; i < WRONG_COUNT; i++)
    printf("%-26s %s\n", wrong_name((enum wrong)i), wrong_about((enum wrong)i));
}

static void print_tally(const struct options *options, const struct tally *tally) {
  printf(
      "%llu simulated payments (%llu came into being) in %llu universes: %llu steps, %llu journal entries, "
      "%llu crashes\n",
      (unsigned long long)tally->payments, (unsigned long long)tally->made,
      (unsigned long long)tally->universes, (unsigned long long)tally->steps,
      (unsigned long long)tally->entries, (unsigned long long)tally->crashes);
  printf("%llu webhooks handed over, %llu words of people taken, %llu later tries\n",
         (unsigned long long)tally->webhooks, (unsigned long long)tally->words,
         (unsigned long long)tally->later_tries);
  printf("seed %llu, digest %016llx\n", (unsigned long long)options->run.seed,
         (unsigned long long)tally->digest);
  printf("%.0f payments/s in %.1f s\n", (double)tally->payments / tally->seconds, tally->seconds);
}

static bool simulate(struct universe *universe, const struct options *options) {
  struct tally tally;
  struct genesis failed;
  bool well = run_universes(universe, &options->run, &tally, &failed);
  if (!well)
    shrink(universe, &failed);
  print_tally(options, &tally);
  printf(well ? "no violation\n" : "a violation, as told above\n");
  return well;
}

int main(int argc, char **argv) {
  static struct universe universe;
  struct options options = {.run = {.seed = 1, .payments = PAYMENTS}, .scenarios = CRASHED_SCENARIOS};
  if (!read_options(&options, argc, argv)) {
    fputs(usage, stderr);
    return EXIT_USAGE;
  }
  if (options.help) {
    fputs(usage, stdout);
    return EXIT_SUCCESS;
  }
  if (options.list_wrong) {
    list_wrong();
    return EXIT_SUCCESS;
  }
  if (options.wrong && !options.payments_given)
    options.run.payments = WRONG_PAYMENTS;
  if (sodium_init() < 0) {
    fputs("sim: libsodium does not begin\n", stderr);
    return EXIT_FAILURE;
  }
  wrong_choose(options.wrong);
  universe_open(&universe);
  bool well = options.crash_points ? crash_points(&universe, options.run.seed, options.scenarios)
                                   : simulate(&universe, &options);
  universe_close(&universe);
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
