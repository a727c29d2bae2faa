#include "audit_record.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "command_line.h"
#include "commands.h"
#include "exit_status.h"

static const char usage[] = "usage: freeport audit verify --dir DIR\n"
                            "\n"
                            "Reads the vault's audit chain from its first record to its newest and checks "
                            "that every record follows the one\n"
                            "before it: nothing changed, dropped, put in another order or cut off. Prints "
                            "how many releases of cards it holds\n"
                            "and the hash it ends with; names the record at fault otherwise.\n";

struct verification {
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
  struct audit_head seen;
  int result = fetch_head(admin, &seen);
  bool more = true;
  while (result == 0 && verification->fault == 0 && more && verification->head.sequence < seen.sequence) {
    result = fetch_page(admin, verification->head.sequence + 1, &page);
    if (result == 0) {
      more = page.more;
      result = verify_page(&page, verification);
    }
  }
  if (result == 0 && verification->fault == 0 && verification->head.sequence <= seen.sequence) {
    verification->fault = audit_verify_end(&verification->head, &seen);
  }
  return result;
}

static void print_verification(const struct verification *verification) {
  if (verification->fault != 0) {
    fprintf(stderr, "freeport audit: the chain is broken at record %llu: %s\n",
            (unsigned long long)verification->head.sequence + 1, audit_fault_name(verification->fault));
    return;
  }
  printf("the chain is whole: %llu records, %llu releases, ending with ",
         (unsigned long long)verification->head.sequence, (unsigned long long)verification->releases);
  for (size_t i = 0; i < sizeof verification->head.hash; i++) {
    printf("%02x", verification->head.hash[i]);
  }
  putchar('\n');
}

int audit_command(int argc, char **argv) {
  static struct admin_client admin;
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  if (line.word_count != 1 || strcmp(line.words[0], "verify") != 0) {
    fputs(usage, stderr);
    return EXIT_USAGE;
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
  print_verification(&verification);
  return verification.fault == 0 ? EXIT_GOOD : EXIT_FAILED;
}
