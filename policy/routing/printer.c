#include "policy_tree.h"
#include <assert.h>
#include <sodium.h>
#include <string.h>

struct printer {
  char *text;
  size_t length;
};

/* The longest policy there is: 16 names of 32 characters, their commas and spaces, the words before them,
 * NUL. */
_Static_assert(POLICY_PRINTED_MAX > POLICY_CANDIDATES_MAX * (POLICY_NAME_CAPACITY + 1) + 32,
               "a policy must fit");

static void print_word(struct printer *printer, const char *word) {
  size_t length = strlen(word);
  assert(printer->length + length < POLICY_PRINTED_MAX);
  memcpy(printer->text + printer->length, word, length + 1);
  printer->length += length;
}

static void print_verdict(struct printer *printer, const struct policy_verdict *verdict) {
  print_word(printer, "route ");
  for (unsigned i = 0; i < verdict->count; i++) {
    print_word(printer, i == 0 ? "" : ", ");
    print_word(printer, verdict->candidates[i].name);
  }
}

size_t policy_print(const struct policy *policy, char ret_text[POLICY_PRINTED_MAX]) {
  struct printer printer = {.text = ret_text};
  print_word(&printer, "otherwise ");
  print_verdict(&printer, &policy->otherwise);
  print_word(&printer, "\n");
  return printer.length;
}

void policy_hash(const struct policy *policy, uint8_t ret_hash[POLICY_HASH_BYTES]) {
  char text[POLICY_PRINTED_MAX];
  size_t length = policy_print(policy, text);
  crypto_generichash(ret_hash, POLICY_HASH_BYTES, (const unsigned char *)text, length, NULL, 0);
}

void policy_hash_text(const struct policy *policy, char ret_text[POLICY_HASH_CAPACITY]) {
  uint8_t hash[POLICY_HASH_BYTES];
  policy_hash(policy, hash);
  sodium_bin2hex(ret_text, POLICY_HASH_CAPACITY, hash, sizeof hash);
}
