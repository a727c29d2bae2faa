#include "audit_record.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "command_line.h"
#include "commands.h"
#include "exit_status.h"
#include "readiness.h"

static const char usage[] = "usage: freeport audit verify --dir DIR\n"
                            "\n"
                            "Reads the vault's audit chain from its first record to its newest and checks "
                            "that every record follows the one\n"
                            "before it: nothing changed, dropped, put in another order or cut off; and asks "
                            "the router whether that chain is as\n"
                            "new as its own journal, or the vault's file was rolled back, or the ledger. "
                            "Prints how many "
                            "releases of cards the chain\n"
                            "holds and the hash it ends with; names what is at fault otherwise.\n";

struct verification {
  struct audit_head seen; /* the vault's own head when we began */
  struct audit_head head; /* of what was verified */
  uint64_t releases;
  int fault; /* enum audit_fault, 0 while the chain is whole */
};

static void count_release(struct verification *verification, const uint8_t *bytes, size_t length) {
  struct audit_record record;
  if (audit_record_read(bytes, length, &record) == 0 && record.kind == AUDIT_RELEASE) {
    verification->releases++;
  }
}

/* Returns 0 when the page was well-formed; its records are verified until one is at fault. */
static int verify_page(const struct audit_page *page, struct verification *verification) {
  struct reader reader = reader_over(page->bytes, page->length);
  const uint8_t *bytes;
  size_t length;
  while (verification->fault == 0 && (bytes = audit_page_next(&reader, &length)) != NULL) {
    verification->fault = audit_verify_next(&verification->head, bytes, length);
    if (verification->fault == 0 && verification->head.sequence == verification->seen.sequence) {
      verification->fault = audit_verify_end(&verification->head, &verification->seen);
    }
    count_release(verification, bytes, length);
  }
  return verification->fault != 0 ? 0 : reader_finish(&reader);
}

static int fetch_page(struct admin_client *admin, uint64_t from, struct audit_page *ret_page) {
  struct writer body = admin_body(admin);
  struct reader reply;
  write_audit_question(&body, &(struct audit_question){.from = from});
  int result = admin_call(admin, ADMIN_AUDIT_PAGE, &body, &reply);
  return result != 0 ? result : read_audit_page(&reply, ret_page);
}

static int fetch_head(struct admin_client *admin, struct audit_head *ret_head) {
  struct vault_state state;
  struct writer body = admin_body(admin);
  struct reader reply;
  int result = admin_call(admin, ADMIN_STATUS, &body, &reply);
  if (result == 0) {
    result = read_vault_state(&reply, &state);
  }
  if (result == 0) {
    *ret_head = state.head;
  }
  return result;
}

/* The head is asked for first: the chain may grow meanwhile, and must contain that head all the same. */
static int verify(struct admin_client *admin, struct verification *verification) {
  static struct audit_page page;
  const struct audit_head *seen = &verification->seen;
  int result = fetch_head(admin, &verification->seen);
  bool more = true;
  while (result == 0 && verification->fault == 0 && more && verification->head.sequence < seen->sequence) {
    result = fetch_page(admin, verification->head.sequence + 1, &page);
    if (result == 0) {
      more = page.more;
      result = verify_page(&page, verification);
    }
  }
  if (result == 0 && verification->fault == 0 && verification->head.sequence < seen->sequence) {
    verification->fault = AUDIT_TRUNCATED;
  }
  return result;
}

static int print_fault(const struct verification *verification) {
  fprintf(stderr, "freeport audit: the chain is broken at record %llu: %s\n",
          (unsigned long long)verification->head.sequence + 1, audit_fault_name(verification->fault));
  return EXIT_FAILED;
}

static void print_chain(FILE *file, const struct verification *verification) {
  fprintf(file, "%llu records, %llu releases, ending with ", (unsigned long long)verification->head.sequence,
          (unsigned long long)verification->releases);
  for (size_t i = 0; i < sizeof verification->head.hash; i++) {
    fprintf(file, "%02x", verification->head.hash[i]);
  }
  fputc('\n', file);
}

/* Returns the exit status. */
static int print_verification(const struct verification *verification, enum router_word word) {
  switch (word) {
  case ROUTER_AGREES:
    fputs("the chain is whole: ", stdout);
    print_chain(stdout, verification);
    return EXIT_GOOD;
  case ROUTER_SEES_OLD_VAULT:
    fputs("freeport audit: the vault's file was rolled back or its chain exchanged: it does not hold the "
          "record that "
          "the router's journal saw last.\nWhat is there: ",
          stderr);
    break;
  case ROUTER_HAS_OLD_LEDGER:
    fputs(
        "freeport audit: the router's ledger is older than this chain, or was lost: cards were released for "
        "attempts that it does\nnot know (`freeport ledger check` lists them), so nothing is charged.\nThe "
        "chain, whole in itself: ",
        stderr);
    break;
  case ROUTER_SILENT:
    fputs("freeport audit: the router does not answer, so that nobody knows whether the vault's file was "
          "rolled "
          "back.\nWhat is there, whole in itself: ",
          stderr);
    break;
  }
  print_chain(stderr, verification);
  return EXIT_FAILED;
}

int audit_command(int argc, char **argv) {
  static struct admin_client admin;
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  if (line.word_count != 1 || strcmp(line.words[0], "verify") != 0) {
    return command_wrong(line.command, usage, "%s",
                         line.word_count == 0 ? "what to do is missing: verify"
                                              : "verify is all that it does");
  }
  status = command_connect(&line, &admin);
  if (status != EXIT_GOOD) {
    return status;
  }
  struct verification verification;
  memset(&verification, 0, sizeof verification);
  int result = verify(&admin, &verification);
  admin_close(&admin);
  if (result != 0) {
    return command_result("audit", result);
  }
  if (verification.fault != 0) {
    return print_fault(&verification);
  }
  struct readiness readiness;
  readiness_of(line.directory, "audit", READINESS_LOOKS, &readiness);
  return print_verification(&verification, readiness.word);
}
