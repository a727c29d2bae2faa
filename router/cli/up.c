#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "config.h"
#include "exit_status.h"
#include "fees_reload.h"
#include "identity.h"
#include "listeners.h"
#include "paths.h"
#include "policies.h"
#include "provision.h"
#include "readiness.h"
#include "stack_files.h"
#include "supervisor.h"

enum { START_TIMEOUT_MS = 30000 };

static const char usage[] =
    "usage: freeport up --dir DIR [--sandbox] [--port-base N]\n"
    "\n"
    "Starts vault, collect, hooks, egress, router and notify in DIR, keeps them running, and ends them "
    "cleanly on "
    "SIGTERM "
    "or Ctrl-C.\n"
    "DIR/env is written when all of them answer: shell variables for a client. DIR/freeport.yaml is the "
    "configuration;\n"
    "SIGUSR1 makes it read the file of fees anew, where freeport.yaml names one. "
    "DIR/log holds what each process says. A second `up` on the same DIR finds everything as it was.\n"
    "\n"
    "  --dir DIR        where the stack lives; made when it is not there\n"
    "  --sandbox        also start a PSP to practise on, with the connectors adyen, checkout and stripe on "
    "it\n"
    "  --port-base N    use ports N, N+1, ... on 127.0.0.1 (without it, free ones are chosen once and "
    "kept)\n";

struct up_options {
  const char *directory;
  bool sandbox;
  uint16_t port_base;
};

struct stack {
  struct up_options options;
  struct stack_files files;
  char vault[PATH_MAX], router[PATH_MAX], sandbox[PATH_MAX]; /* their data directories */
  char programs[PATH_MAX], sheets[PATH_MAX], bins[PATH_MAX];
  struct config *config;
  struct identity identity;
  struct listener listeners[LISTENER_COUNT];
  struct loop *loop;
  struct supervisor *supervisor;
  struct fees_reload fees;
  struct timer too_late;
  bool announced, failed;
  bool misconfigured; /* freeport.yaml is wrong, and that was said */
};

static bool is_live(const struct stack *stack) {
  return stack->config->environment != NULL && strcmp(stack->config->environment, "live") == 0;
}

static int parse_port(const char *text, uint16_t *ret_port) {
  char *end;
  errno = 0;
  unsigned long port = strtoul(text, &end, 10);
  if (errno != 0 || *end != '\0' || end == text || port < 1 || port > 65000) {
    return -EINVAL;
  }
  *ret_port = (uint16_t)port;
  return 0;
}

/* Returns -1 to go on, or the exit status to end with. */
static int parse_options(int argc, char **argv, struct up_options *ret_options) {
  static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                          {"sandbox", no_argument, NULL, 's'},
                                          {"port-base", required_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
    switch (option) {
    case 'd':
      ret_options->directory = optarg;
      break;
    case 's':
      ret_options->sandbox = true;
      break;
    case 'p':
      if (parse_port(optarg, &ret_options->port_base) < 0) {
        return command_wrong(argv[0], usage, "--port-base is a number from 1 to 65000");
      }
      break;
    case 'h':
      fputs(usage, stdout);
      return EXIT_GOOD;
    default:
      return command_wrong_option(argv, usage, option);
    }
  }
  if (ret_options->directory == NULL || optind != argc) {
    return command_wrong(argv[0], usage, "%s",
                         optind != argc ? "takes options alone" : "--dir DIR is missing");
  }
  return -1;
}

static int find_files(struct stack *stack) {
  const char *directory = stack->files.directory;
  const struct config *config = stack->config;
  int result = programs_directory(stack->programs, sizeof stack->programs);
  if (result == 0) {
    result = config->sheets != NULL ? file_path(stack->sheets, sizeof stack->sheets, "%s", config->sheets)
                                    : builtin_sheets(stack->sheets, sizeof stack->sheets);
  }
  if (result == 0) {
    result = config->bins != NULL ? file_path(stack->bins, sizeof stack->bins, "%s", config->bins)
                                  : builtin_bins(stack->bins, sizeof stack->bins);
  }
  if (result == 0) {
    result = file_path(stack->vault, sizeof stack->vault, "%s/vault", directory);
  }
  if (result == 0) {
    result = file_path(stack->router, sizeof stack->router, "%s/router", directory);
  }
  return result < 0 ? result : file_path(stack->sandbox, sizeof stack->sandbox, "%s/sandbox", directory);
}

/* Appends one option and its value to a process's arguments; a NULL value appends nothing. */
static void add_option(struct supervisor_settings *settings, enum process_name name, const char *option,
                       const char *value) {
  const char **at = settings->arguments[name];
  while (*at != NULL) {
    at++;
  }
  if (value != NULL) {
    at[0] = option;
    at[1] = value;
  }
}

static void fill_arguments(const struct stack *stack, struct supervisor_settings *settings) {
  const struct config *config = stack->config;
  for (enum process_name name = PROCESS_VAULT; name <= PROCESS_NOTIFY; name++) {
    add_option(settings, name, "--environment", is_live(stack) ? "live" : "test");
  }
  add_option(settings, PROCESS_VAULT, "--data", stack->vault);
  add_option(settings, PROCESS_EGRESS, "--sheets", stack->sheets);
  add_option(settings, PROCESS_EGRESS, "--trust", config->trust);
  add_option(settings, PROCESS_ROUTER, "--data", stack->router);
  add_option(settings, PROCESS_ROUTER, "--sheets", stack->sheets);
  add_option(settings, PROCESS_ROUTER, "--bins", stack->bins);
  add_option(settings, PROCESS_ROUTER, "--fees", config->fees);
  add_option(settings, PROCESS_ROUTER, "--webhook-retries", config->webhook_retries);
  add_option(settings, PROCESS_ROUTER, "--health", config->health);
  add_option(settings, PROCESS_NOTIFY, "--trust", config->trust);
  add_option(settings, PROCESS_SANDBOX, "--data", stack->sandbox);
  add_option(settings, PROCESS_COLLECT, "--certificate", config->certificate);
  add_option(settings, PROCESS_COLLECT, "--certificate-key", config->certificate_key);
  add_option(settings, PROCESS_HOOKS, "--certificate", config->hooks_certificate);
  add_option(settings, PROCESS_HOOKS, "--certificate-key", config->hooks_certificate_key);
  for (unsigned i = 0; i < config->origins_count; i++) {
    add_option(settings, PROCESS_COLLECT, "--origin", config->origins[i]);
  }
}

static void add_variable(struct variable *variables, unsigned *count, const char *name, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));

static void add_variable(struct variable *variables, unsigned *count, const char *name, const char *format,
                         ...) {
  va_list arguments;
  va_start(arguments, format);
  variables[*count].name = name;
  vsnprintf(variables[*count].value, sizeof variables[*count].value, format, arguments);
  va_end(arguments);
  (*count)++;
}

static const char *hooks_scheme(const struct stack *stack) {
  return stack->config->hooks_certificate != NULL ? "https" : "http";
}

static int write_env(const struct stack *stack) {
  struct variable variables[16];
  unsigned count = 0;
  const struct listener *listeners = stack->listeners;
  const char *collect_scheme = stack->config->certificate != NULL ? "https" : "http";
  add_variable(variables, &count, "FREEPORT_API_URL", "http://127.0.0.1:%u", listeners[LISTENER_API].port);
  add_variable(variables, &count, "FREEPORT_COLLECT_URL", "%s://127.0.0.1:%u", collect_scheme,
               listeners[LISTENER_COLLECT].port);
  add_variable(variables, &count, "FREEPORT_HOOKS_URL", "%s://127.0.0.1:%u", hooks_scheme(stack),
               listeners[LISTENER_HOOKS].port);
  if (stack->options.sandbox) {
    add_variable(variables, &count, "FREEPORT_SANDBOX_URL", "http://127.0.0.1:%u",
                 listeners[LISTENER_SANDBOX].port);
  }
  add_variable(variables, &count, "FREEPORT_SECRET_KEY", "%s", stack->identity.secret_key.text);
  add_variable(variables, &count, "FREEPORT_PUBLISHABLE_KEY", "%s", stack->identity.publishable_key.text);
  static const char *const pids[PROCESS_COUNT] = {
      "FREEPORT_VAULT_PID",  "FREEPORT_COLLECT_PID", "FREEPORT_HOOKS_PID",  "FREEPORT_EGRESS_PID",
      "FREEPORT_ROUTER_PID", "FREEPORT_NOTIFY_PID",  "FREEPORT_SANDBOX_PID"};
  for (int i = 0; i < PROCESS_COUNT; i++) {
    pid_t pid = supervisor_pid(stack->supervisor, (enum process_name)i);
    if (pid != 0) {
      add_variable(variables, &count, pids[i], "%d", pid);
    }
  }
  return env_write(stack->files.directory, variables, count);
}

/* Then the stack is kept up as it is, for an operator to put it right. */
static bool ledger_is_old(const struct stack *stack) {
  struct readiness readiness;
  readiness_ask(stack->listeners[LISTENER_API].port, &stack->identity.secret_key, READINESS_LOOKS,
                &readiness);
  if (readiness.word != ROUTER_HAS_OLD_LEDGER) {
    return false;
  }
  fprintf(stderr,
          "freeport: the ledger in %s/router is older than the vault, or was lost: nothing is charged until "
          "an operator has\nput it right; see `freeport ledger check --dir %s`\n",
          stack->files.directory, stack->files.directory);
  return true;
}

static int provision(struct stack *stack) {
  static struct admin_client admin; /* two whole messages: too large for the stack */
  int result = admin_connect(stack->files.directory, &admin);
  if (result < 0) {
    return result;
  }
  result = provision_merchant(&admin, &stack->identity);
  if (result == 0 && stack->options.sandbox) {
    result = provision_sandbox(&admin, stack->files.directory, stack->sheets, stack->listeners);
  }
  admin_close(&admin);
  if (result == 0 && !ledger_is_old(stack) && stack->options.sandbox) {
    result = policy_publish_first(stack->listeners[LISTENER_API].port, &stack->identity.secret_key,
                                  "otherwise route adyen, checkout, stripe\n");
  }
  return result;
}

static void give_up(struct stack *stack) {
  stack->failed = true;
  loop_stop(stack->loop);
}

static void announce(const struct stack *stack) {
  printf("freeport is up in %s\n", stack->files.directory);
  printf("  API      http://127.0.0.1:%u\n", stack->listeners[LISTENER_API].port);
  printf("  collect  %s://127.0.0.1:%u\n", stack->config->certificate != NULL ? "https" : "http",
         stack->listeners[LISTENER_COLLECT].port);
  printf("  hooks    %s://127.0.0.1:%u\n", hooks_scheme(stack), stack->listeners[LISTENER_HOOKS].port);
  if (stack->options.sandbox) {
    printf("  sandbox  http://127.0.0.1:%u\n", stack->listeners[LISTENER_SANDBOX].port);
  }
  printf("  keys and addresses for a client: %s/env\n", stack->files.directory);
  fflush(stdout);
}

/* Every time that all processes answer: at the start, and after one was started again. */
static void on_all_ready(void *context) {
  struct stack *stack = context;
  loop_clear_timer(stack->loop, &stack->too_late);
  int result = stack->announced ? 0 : provision(stack);
  if (result == 0) {
    result = write_env(stack);
  }
  if (result < 0) {
    fprintf(stderr, "freeport: cannot set up the stack: %s\n", strerror(-result));
    if (!stack->announced) {
      give_up(stack);
    }
    return;
  }
  if (!stack->announced) {
    stack->announced = true;
    announce(stack);
  }
}

static void on_started(void *context, enum process_name name) {
  struct stack *stack = context;
  int result = 0;
  if (name == PROCESS_ROUTER) {
    result = provision_secret_key(stack->supervisor, &stack->identity, is_live(stack));
  } else if (name == PROCESS_SANDBOX) {
    result = provision_sandbox_webhooks(stack->supervisor, stack->listeners[LISTENER_HOOKS].port);
  }
  if (result < 0) {
    fprintf(stderr, "freeport: cannot tell %s its settings: %s\n", process_text(name), strerror(-result));
  }
}

static void on_failed(void *context) {
  give_up(context);
}

static void on_too_late(struct timer *timer) {
  struct stack *stack = (struct stack *)((char *)timer - offsetof(struct stack, too_late));
  fprintf(stderr, "freeport: not every process answered within %d seconds; see %s/log\n",
          START_TIMEOUT_MS / 1000, stack->files.directory);
  give_up(stack);
}

static int run_stack(struct stack *stack) {
  struct supervisor_settings settings = {.loop = stack->loop,
                                         .directory = stack->files.directory,
                                         .programs = stack->programs,
                                         .listeners = stack->listeners,
                                         .admin_listener = stack->files.admin_listener,
                                         .with_sandbox = stack->options.sandbox,
                                         .all_ready = on_all_ready,
                                         .started = on_started,
                                         .failed = on_failed,
                                         .context = stack};
  fill_arguments(stack, &settings);
  int result = supervisor_new(&settings, &stack->supervisor);
  if (result < 0) {
    return result;
  }
  result = fees_reload_open(&stack->fees, stack->config->fees, stack->loop, stack->supervisor);
  stack->too_late.due = on_too_late;
  if (result == 0) {
    result = loop_set_timer(stack->loop, &stack->too_late, (int64_t)START_TIMEOUT_MS * 1000);
  }
  if (result == 0) {
    result = supervisor_start(stack->supervisor);
  }
  if (result == 0) {
    result = loop_run(stack->loop);
  }
  bool clean = supervisor_stop(stack->supervisor);
  fees_reload_close(&stack->fees);
  supervisor_free(stack->supervisor);
  return result < 0 ? result : clean && !stack->failed ? 0 : -ECANCELED;
}

/* From an open directory on. Returns 0, or a negated errno. */
static int prepare_and_run(struct stack *stack) {
  int result = config_load(stack->files.directory, &stack->config);
  stack->misconfigured = result == -EINVAL;
  if (result < 0) {
    return result;
  }
  uint16_t port_base =
      stack->options.port_base != 0 ? stack->options.port_base : (uint16_t)stack->config->port_base;
  result = find_files(stack);
  if (result == 0) {
    result = identity_load(stack->files.directory, is_live(stack), &stack->identity);
  }
  if (result == 0) {
    result = listeners_open(stack->files.directory, port_base, stack->options.sandbox, stack->listeners);
  }
  if (result == 0) {
    result = loop_new(&system_clock, &stack->loop);
    if (result == 0) {
      result = run_stack(stack);
      loop_free(stack->loop);
    }
    listeners_close(stack->listeners);
  }
  identity_wipe(&stack->identity);
  config_free(stack->config);
  return result;
}

int up_command(int argc, char **argv) {
  static struct stack stack;
  int status = parse_options(argc, argv, &stack.options);
  if (status >= 0) {
    return status;
  }
  int result = stack_files_open(stack.options.directory, &stack.files);
  if (result == 0) {
    result = prepare_and_run(&stack);
    stack_files_close(&stack.files);
  }
  if (result < 0 && result != -ECANCELED && result != -EBUSY && result != -EADDRINUSE &&
      !stack.misconfigured) { /* those have been said */
    fprintf(stderr, "freeport up: %s\n", strerror(-result));
  }
  return result == 0 ? EXIT_GOOD : result == -EINVAL ? EXIT_CONFIG : EXIT_FAILED;
}
