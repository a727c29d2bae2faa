#include <errno.h>
#include <jansson.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin.h"
#include "command_line.h"
#include "commands.h"
#include "exit_status.h"
#include "ledger_verify.h"
#include "merchant_api.h"
#include "operations.h"
#include "readiness.h"

static const char usage[] =
    "usage: freeport ledger check --dir DIR\n"
    "       freeport ledger accept --reason TEXT --dir DIR\n"
    "       freeport ledger verify [--days N] --dir DIR\n"
    "\n"
    "check says whether the router's ledger holds every attempt that the vault released a card for and every "
    "capture, void\n"
    "and refund that it sent, and lists those that it lacks: what each was sent as to the PSP (its reference "
    "there), the connector, the operation, the time. "
    "A "
    "ledger that\n"
    "lacks any was lost or put back to an earlier state, and nothing is charged upon it. accept lists them "
    "too, and takes\n"
    "the ledger as it is from then on: payments may be made again, and what it lacks is forgotten. Look each "
    "attempt up at\n"
    "its PSP before. TEXT (100 characters, no card numbers) and who said so stand in the vault's audit "
    "chain.\n"
    "\n"
    "verify has the router decide each payment of the last N days (1 to 3660, else 30) again, by the policy "
    "and upon the facts\n"
    "that are recorded with it. It says how many decisions come out the same, to the byte, and names those "
    "that do not. What\n"
    "cannot be tried is counted apart: a request that names the connectors itself, a policy whose text is "
    "gone.\n"
    "\n"
    "Exit status: 0 the ledger holds every attempt, or was accepted, or no decision comes out otherwise, 1 "
    "it lacks some, or\n"
    "a decision comes out otherwise, or it could not be found out, 64 wrong usage, 69 no stack answers in "
    "DIR.\n";

/* A walk over the vault's audit chain. */
struct walk {
  struct admin_client *admin;
  struct merchant_api *api;
  void *listed; /* keys, for tsearch(): a replay releases under the same one */
  uint64_t missing;
};

static int compare_keys(const void *left, const void *right) {
  return strcmp(left, right);
}

/* Returns 1 when key is new, 0 when it was there, or -ENOMEM. */
static int note_key(struct walk *walk, const char *key) {
  char *copy = strdup(key);
  char **place = copy == NULL ? NULL : tsearch(copy, &walk->listed, compare_keys);
  if (place == NULL) {
    free(copy);
    return -ENOMEM;
  }
  if (*place == copy) {
    return 1;
  }
  free(copy);
  return 0;
}

/* The number that stands behind the last "_" of a key, and the id before it, of an attempt's payment or of a
 * movement. */
static unsigned split_key(const char *key, const char *prefix, struct id *ret_id) {
  const char *number = strrchr(key, '_');
  size_t length = number == NULL ? 0 : (size_t)(number - key);
  if (length == 0 || length >= sizeof ret_id->text) {
    return 0;
  }
  memset(ret_id, 0, sizeof *ret_id);
  memcpy(ret_id->text, key, length);
  return id_parse(prefix, ret_id->text, NULL) < 0 ? 0 : (unsigned)strtoul(number + 1, NULL, 10);
}

static bool has_movement(const json_t *payment, const struct id *movement) {
  json_t *entry;
  size_t i;
  json_array_foreach(json_object_get(payment, "movements"), i, entry) {
    const char *id = json_string_value(json_object_get(entry, "id"));
    if (id != NULL && strcmp(id, movement->text) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether the ledger holds that attempt or movement: 1 or 0, or a negated errno. */
static int is_held(struct walk *walk, const struct audit_record *record) {
  struct id id, payment;
  char path[64];
  bool moves = record->kind == AUDIT_MOVEMENT;
  unsigned number = split_key(record->key, moves ? "mov" : "pay", &id);
  payment = moves ? record->payment : id;
  if (number == 0 || id_parse("pay", payment.text, NULL) < 0) {
    return 0;
  }
  snprintf(path, sizeof path, "/v1/payments/%s", payment.text);
  int result = api_call(walk->api->port, &walk->api->secret_key, "GET", path, NULL, &walk->api->answer);
  if (result < 0) {
    return result;
  }
  if (walk->api->answer.status == 404) {
    return 0;
  }
  if (walk->api->answer.status != 200) {
    return -EPROTO;
  }
  json_t *json = json_loadb(walk->api->answer.body, walk->api->answer.length, 0, NULL);
  bool held = moves ? has_movement(json, &id) : json_array_size(json_object_get(json, "attempts")) >= number;
  json_decref(json);
  return held;
}

static void print_missing(const struct audit_record *record) {
  char at[32] = "";
  time_t seconds = (time_t)(record->at_ms / 1000);
  struct tm parts;
  if (gmtime_r(&seconds, &parts) != NULL) {
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &parts);
  }
  printf("%-33s %-16s %-10s %s  record %llu", record->key, record->connector,
         operation_name(record->operation), at, (unsigned long long)record->sequence);
  if (record->kind == AUDIT_MOVEMENT) {
    printf("  of %s", record->payment.text);
  }
  printf("\n");
}

static int look_at(struct walk *walk, const struct audit_record *record) {
  if (!audit_is_dispatch(record)) {
    return 0;
  }
  int result = note_key(walk, record->key);
  if (result <= 0) {
    return result;
  }
  result = is_held(walk, record);
  if (result == 0) {
    walk->missing++;
    print_missing(record);
  }
  return result < 0 ? result : 0;
}

static int look_at_page(struct walk *walk, const struct audit_page *page, uint64_t *ret_last) {
  struct reader reader = reader_over(page->bytes, page->length);
  struct audit_record record;
  const uint8_t *bytes;
  size_t length;
  int result = 0;
  while (result == 0 && (bytes = audit_page_next(&reader, &length)) != NULL) {
    result = audit_record_read(bytes, length, &record);
    if (result == 0) {
      *ret_last = record.sequence;
      result = look_at(walk, &record);
    }
  }
  return result != 0 ? result : reader_finish(&reader);
}

/* Lists what is missing after that record. Returns 0, a status, or a negated errno. */
static int list_missing(struct walk *walk, uint64_t after) {
  static struct audit_page page;
  bool more = true;
  int result = 0;
  while (result == 0 && more) {
    struct writer body = admin_body(walk->admin);
    struct reader reply;
    write_audit_question(&body, &(struct audit_question){.from = after + 1});
    result = admin_call(walk->admin, ADMIN_AUDIT_PAGE, &body, &reply);
    if (result == 0) {
      result = read_audit_page(&reply, &page);
    }
    if (result == 0) {
      more = page.more;
      result = look_at_page(walk, &page, &after);
    }
  }
  tdestroy(walk->listed, free);
  walk->listed = NULL;
  return result;
}

static int list(struct admin_client *admin, const struct command_line *line, uint64_t after) {
  static struct merchant_api api;
  struct walk walk = {.admin = admin, .api = &api};
  int result = merchant_api_open(line->directory, "ledger", &api) < 0 ? -ECANCELED : 0;
  if (result == 0) {
    result = list_missing(&walk, after);
  }
  if (result == 0) {
    fprintf(stderr,
            "freeport ledger: the ledger is older than the vault, or was lost: it lacks %llu attempts and "
            "movements that "
            "cards were released for,\nand the captures, voids and refunds since\n",
            (unsigned long long)walk.missing);
  }
  merchant_api_forget(&api);
  return result;
}

static int tell_vault(struct admin_client *admin, const char *reason) {
  struct ledger_accept accept = {.reason = ""};
  memcpy(accept.reason, reason, strlen(reason)); /* checked: it fits */
  struct writer body = admin_body(admin);
  struct reader reply;
  write_ledger_accept(&body, &accept);
  return admin_call(admin, ADMIN_LEDGER_ACCEPT, &body, &reply);
}

/* Returns the exit status. */
static int accept(struct admin_client *admin, const struct command_line *line) {
  struct readiness readiness = {.word = ROUTER_HAS_OLD_LEDGER};
  int result = tell_vault(admin, line->reason);
  for (unsigned i = 0; result == 0 && i < READINESS_LOOKS && readiness.word == ROUTER_HAS_OLD_LEDGER; i++) {
    const struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    readiness_of(line->directory, "ledger", 1, &readiness);
  }
  if (result == 0 && readiness.word != ROUTER_AGREES) {
    fputs("freeport ledger: the router has not taken it; see log/router.log\n", stderr);
    return EXIT_FAILED;
  }
  if (result == 0) {
    puts("accepted: payments may be made again");
  }
  return command_result("ledger", result);
}

/* Returns the exit status. */
static int act(struct admin_client *admin, const struct command_line *line, bool accepts) {
  struct readiness readiness;
  readiness_of(line->directory, "ledger", READINESS_LOOKS, &readiness);
  if (readiness.word == ROUTER_SILENT) {
    fputs("freeport ledger: the router does not answer, or has no line to the vault\n", stderr);
    return EXIT_FAILED;
  }
  if (readiness.word == ROUTER_SEES_OLD_VAULT) {
    fputs("freeport ledger: it is the vault's file that was rolled back\n", stderr);
    return EXIT_FAILED;
  }
  if (readiness.word == ROUTER_AGREES) {
    puts(accepts ? "there is nothing to accept: the ledger holds every attempt that a card was released for"
                 : "the ledger holds every attempt that a card was released for");
    return EXIT_GOOD;
  }
  int result = list(admin, line, readiness.audit_seen);
  if (result != 0) {
    return command_result("ledger", result);
  }
  return accepts ? accept(admin, line) : EXIT_FAILED;
}

int ledger_command(int argc, char **argv) {
  static struct admin_client admin;
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  const char *action = line.word_count == 1 ? line.words[0] : "";
  bool accepts = strcmp(action, "accept") == 0, verifies = strcmp(action, "verify") == 0;
  if (!accepts && !verifies && strcmp(action, "check") != 0) {
    return command_wrong(line.command, usage, "%s",
                         line.word_count == 0 ? "what to do is missing: check, accept or verify"
                                              : "there is no such action; check, accept and verify are");
  }
  if (verifies) {
    return ledger_verify_days(&line) != 0
               ? ledger_verify(&line)
               : command_wrong(line.command, usage, "--days takes a number from 1 to %d", VERIFY_DAYS_MAX);
  }
  if (accepts && (line.reason == NULL || !accept_reason_holds(line.reason))) {
    return command_wrong(line.command, usage,
                         "accept needs a --reason: at most %d characters, %d of them digits",
                         AUDIT_REASON_CAPACITY - 1, REASON_DIGITS_MAX);
  }
  status = command_connect(&line, &admin);
  if (status != EXIT_GOOD) {
    return status;
  }
  status = act(&admin, &line, accepts);
  admin_close(&admin);
  return status;
}
