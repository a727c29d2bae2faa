#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "alphabet.h"
#include "command_line.h"
#include "commands.h"
#include "connector_listings.h"
#include "credentials.h"
#include "exit_status.h"
#include "paths.h"
#include "policy_leaning.h"
#include "registration.h"
#include "web_address.h"

static const char usage[] =
    "usage: freeport connector add NAME --sheet SHEET [--base-url URL] [--merchant-account TEXT]\n"
    "                              [ACCOUNT OPTIONS] --credential KEY=- ... --dir DIR\n"
    "       freeport connector set NAME ACCOUNT OPTIONS --dir DIR\n"
    "       freeport connector enable|drain|disable NAME --dir DIR\n"
    "       freeport connector list [--all] --dir DIR\n"
    "\n"
    "A connector is a sheet (how a PSP is spoken to) plus an account. add registers one, or changes one as a "
    "whole:\n"
    "  --sheet SHEET            the sheet's name, as in policy/connectors; its hash is pinned in the vault\n"
    "  --credential KEY=-       a value that the sheet names, from the next line of standard input; "
    "KEY=@FILE reads it\n"
    "                           from a file. Never on the command line\n"
    "  --base-url URL           test environment only: where requests go instead of the sheet's host\n"
    "  --merchant-account TEXT  shown beside the connector; not a secret\n"
    "Account options say what the account can do; what is not said is not known, and then it can do all. set "
    "changes\n"
    "them alone, without credentials; `all` and `none` take back what was said:\n"
    "  --currencies EUR,USD     it takes payments in these alone\n"
    "  --networks visa,amex     it takes cards of these alone\n"
    "  --country NL             where the acquirer is\n"
    "  --region EEA             a name for the countries around it\n"
    "  --settlement-currency EUR\n"
    "  --category 5411          the merchant category code\n"
    "To take the PSP's webhooks, give the secret that signs them as the credential webhook_secret; while it "
    "is "
    "changed, the\n"
    "one before as webhook_secret_previous. The PSP sends them to hooks, POST /v1/hooks/NAME.\n"
    "A connector that is changed stays as it was: active, draining or disabled. list shows where requests "
    "go, "
    "and which\n"
    "webhooks were refused since the start; disabled ones with --all only.\n"
    "drain keeps captures, voids and refunds of earlier payments going and takes no new ones; disable stops "
    "all; both\n"
    "say which rules of the policy in force name it, and which have nothing active left. None is\n"
    "removed: what was paid through it can be refunded, disputed and looked up for years, and its name must "
    "not "
    "come to\n"
    "mean another account.\n"
    "\n"
    "Exit status: 0 done, 1 the vault refused, or the credentials are not those that the sheet asks for, 64 "
    "wrong\n"
    "usage or a value that an option does not take, 69 no stack answers in DIR, 78 there is no such sheet, "
    "or "
    "it is\n"
    "wrong.\n";

static int add(const struct command_line *line, struct admin_client *admin) {
  static struct credential credentials[COMMAND_CREDENTIALS_MAX];
  char sheets[PATH_MAX];
  int result = builtin_sheets(sheets, sizeof sheets);
  for (int i = 0; result == 0 && i < line->credential_count; i++) {
    result = credential_read(line->credentials[i], &credentials[i]) < 0 ? -ECANCELED : 0;
  }
  if (result == 0) {
    struct connector_account account = {.name = line->words[1],
                                        .sheet = line->sheet,
                                        .sheets = sheets,
                                        .base_url = line->base_url,
                                        .merchant_account = line->merchant_account,
                                        .options = &line->account,
                                        .credentials = credentials,
                                        .credential_count = (unsigned)line->credential_count};
    result = connector_register(admin, &account);
  }
  sodium_memzero(credentials, sizeof credentials);
  return result;
}

static const char *status_text(enum connector_status status) {
  static const char *const texts[] = {
      [CONNECTOR_ACTIVE] = "active", [CONNECTOR_DRAINING] = "draining", [CONNECTOR_DISABLED] = "disabled"};
  return texts[status];
}

/* Scheme, host and port; what follows them is none of the reader's business. */
static int host_length(const char *url) {
  const char *host = strstr(url, "://");
  return host == NULL ? (int)strlen(url) : (int)(host + 3 - url) + (int)strcspn(host + 3, "/");
}

/* A word for what is known, and nothing for what is not. */
static void print_fact(const char *name, const char *text) {
  if (text[0] != '\0') {
    printf("; %s %s", name, text);
  }
}

static void print_account(const struct account_facts *account) {
  if (account->currency_count == 0 && account->networks == 0 && account->country[0] == '\0' &&
      account->region[0] == '\0' && account->settlement_currency[0] == '\0' && account->category[0] == '\0') {
    return;
  }
  printf("  takes");
  for (unsigned i = 0; i < account->currency_count; i++) {
    printf(" %s", account->currencies[i]);
  }
  printf("%s;", account->currency_count == 0 ? " all currencies" : "");
  for (unsigned i = 0; i < NETWORK_COUNT; i++) {
    if ((account->networks >> i & 1) != 0) {
      printf(" %s", network_name((enum network)i));
    }
  }
  printf("%s", account->networks == 0 ? " all networks" : "");
  print_fact("country", account->country);
  print_fact("region", account->region);
  print_fact("settles in", account->settlement_currency);
  print_fact("category", account->category);
  printf("\n");
}

struct shown {
  bool all;
  unsigned hidden;
};

static void print_connector(void *context, const struct connector_listing *listing) {
  struct shown *shown = context;
  const struct connector_facts *facts = &listing->facts;
  if (!shown->all && facts->status == CONNECTOR_DISABLED) {
    shown->hidden++;
    return;
  }
  const char *url = listing->base_url[0] != '\0' ? listing->base_url : "the sheet's";
  const char *account = facts->merchant_account[0] != '\0' ? facts->merchant_account : "-";
  printf("%-20s %-12s %-9s %-20s %.*s\n", facts->name, facts->sheet, status_text(facts->status), account,
         host_length(url), url);
  print_account(&facts->account);
  if (listing->webhooks_without_secret + listing->webhooks_wrongly_signed + listing->webhooks_unreadable >
      0) {
    printf("  webhooks since the start: %u taken; refused: %u for want of a signing secret, %u wrongly "
           "signed, %u not as "
           "the sheet has them\n",
           listing->webhooks_taken, listing->webhooks_without_secret, listing->webhooks_wrongly_signed,
           listing->webhooks_unreadable);
  }
}

/* Changes what is known of the account, and leaves the rest. */
static int set_account(const struct command_line *line, struct admin_client *admin) {
  struct connector_account_set set = {0};
  struct connector_listing present;
  struct reader reply;
  strcpy(set.name, line->words[1]);
  int result = connector_find(admin, set.name, &present);
  if (result != 0) {
    return result;
  }
  set.account = present.facts.account;
  if (account_options_apply(&line->account, &set.account) != 0) {
    return -ECANCELED;
  }
  struct writer body = admin_body(admin);
  write_connector_account_set(&body, &set);
  result = admin_call(admin, ADMIN_CONNECTOR_ACCOUNT, &body, &reply);
  if (result == 0) {
    printf("connector %s: changed\n", set.name);
  }
  return result;
}

static int list(const struct command_line *line, struct admin_client *admin) {
  struct shown shown = {.all = line->all};
  printf("%-20s %-12s %-9s %-20s %s\n", "NAME", "SHEET", "STATUS", "MERCHANT ACCOUNT", "HOST");
  int result = connectors_each(admin, print_connector, &shown);
  if (shown.hidden > 0) {
    printf("%u disabled: --all shows them\n", shown.hidden);
  }
  return result;
}

/* A change leaves the status as it is: whoever changes a disabled one must not think that it is used now. */
static int add_and_tell(const struct command_line *line, struct admin_client *admin) {
  const char *name = line->words[1];
  struct connector_listing listing;
  int result = add(line, admin);
  if (result == 0) {
    result = connector_find(admin, name, &listing);
  }
  if (result == 0 && listing.facts.status == CONNECTOR_ACTIVE) {
    printf("connector %s: registered\n", name);
  } else if (result == 0) {
    printf("connector %s: changed; it stays %s until `freeport connector enable %s`\n", name,
           status_text(listing.facts.status), name);
  }
  return result;
}

static int set_status(const struct command_line *line, struct admin_client *admin,
                      enum connector_status status) {
  struct connector_status_set set = {.status = status};
  strcpy(set.name, line->words[1]);
  struct writer body = admin_body(admin);
  struct reader reply;
  write_connector_status_set(&body, &set);
  int result = admin_call(admin, ADMIN_CONNECTOR_STATUS, &body, &reply);
  if (result == 0) {
    printf("connector %s: %s\n", set.name, status_text(status));
    fflush(stdout);
  }
  if (result == 0 && status != CONNECTOR_ACTIVE) {
    say_what_leans(line->directory, set.name,
                   status == CONNECTOR_DRAINING ? POLICY_CONNECTOR_DRAINING : POLICY_CONNECTOR_DISABLED);
  }
  return result;
}

static int enable(const struct command_line *line, struct admin_client *admin) {
  return set_status(line, admin, CONNECTOR_ACTIVE);
}

static int drain(const struct command_line *line, struct admin_client *admin) {
  return set_status(line, admin, CONNECTOR_DRAINING);
}

static int disable(const struct command_line *line, struct admin_client *admin) {
  return set_status(line, admin, CONNECTOR_DISABLED);
}

static const struct action {
  const char *name;
  int (*run)(const struct command_line *line, struct admin_client *admin);
  bool names, sheet; /* whether it wants NAME, --sheet */
} actions[] = {{"add", add_and_tell, true, true}, {"set", set_account, true, false},
               {"list", list, false, false},      {"enable", enable, true, false},
               {"drain", drain, true, false},     {"disable", disable, true, false}};

static const struct action *find_action(const struct command_line *line) {
  for (size_t i = 0; line->word_count > 0 && i < sizeof actions / sizeof actions[0]; i++) {
    if (strcmp(line->words[0], actions[i].name) == 0) {
      return &actions[i];
    }
  }
  return NULL;
}

/* Whether it says what add alone may. */
static bool is_registration(const struct command_line *line) {
  return line->sheet != NULL || line->base_url != NULL || line->merchant_account != NULL ||
         line->credential_count > 0;
}

/* Whether options that are a value each have one that they take; else says what they take. */
static bool check_values(const struct command_line *line) {
  const char *account = line->merchant_account != NULL ? line->merchant_account : "";
  if (line->sheet != NULL && !connector_name_valid(line->sheet)) {
    fprintf(
        stderr,
        "freeport connector: --sheet is made of a-z, 0-9 and _, begins with a letter and has at most %d\n",
        CONNECTOR_NAME_CAPACITY - 1);
    return false;
  }
  if (line->base_url != NULL && !web_base_url_valid(line->base_url)) {
    fputs("freeport connector: --base-url is http:// or https://, a host, and a port and a path if need be\n",
          stderr);
    return false;
  }
  if (strlen(account) >= ACCOUNT_TEXT_CAPACITY || !alphabet_holds(ALPHABET_PRINT, account)) {
    fprintf(stderr, "freeport connector: --merchant-account is at most %d printable characters of ASCII\n",
            ACCOUNT_TEXT_CAPACITY - 1);
    return false;
  }
  return account_options_hold(&line->account);
}

/* Returns EXIT_GOOD, or EXIT_USAGE after saying what is wrong. */
static int check_usage(const struct command_line *line, const struct action *action) {
  if (action == NULL) {
    return command_wrong(line->command, usage, "%s",
                         line->word_count == 0
                             ? "what to do is missing: add, set, list, enable, drain or disable"
                             : "there is no such action; add, set, list, enable, drain and disable are");
  }
  if (line->word_count != (action->names ? 2 : 1)) {
    return command_wrong(line->command, usage, "%s takes %s", action->name,
                         action->names ? "one NAME" : "no NAME");
  }
  if (action->names && !connector_name_valid(line->words[1])) {
    return command_wrong(line->command, usage,
                         "NAME is made of a-z, 0-9 and _, begins with a letter and has at most %d",
                         CONNECTOR_NAME_CAPACITY - 1);
  }
  if (action->sheet && line->sheet == NULL) {
    return command_wrong(line->command, usage, "--sheet SHEET is missing");
  }
  for (int i = 0; i < line->credential_count; i++) {
    if (!credential_argument_valid(line->credentials[i])) {
      return command_wrong(
          line->command, usage,
          "a credential is given as KEY=- (standard input) or KEY=@FILE, never on the command "
          "line");
    }
  }
  if (line->all && action->run != list) {
    return command_wrong(line->command, usage, "--all goes with list");
  }
  if (action->run == set_account && (!account_options_given(&line->account) || is_registration(line))) {
    return command_wrong(line->command, usage, "set takes account options, one at least, and no others");
  }
  return check_values(line) ? EXIT_GOOD : EXIT_USAGE;
}

int connector_command(int argc, char **argv) {
  static struct admin_client admin;
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  const struct action *action = find_action(&line);
  status = check_usage(&line, action);
  if (status != EXIT_GOOD) {
    return status;
  }
  status = command_connect(&line, &admin);
  if (status != EXIT_GOOD) {
    return status;
  }
  int result = action->run(&line, &admin);
  admin_close(&admin);
  return action->sheet && result == -EINVAL ? EXIT_CONFIG /* it has been said what is wrong */
                                            : command_result("connector", result);
}
