/* Policies compiled once: by their text, bounded, and never taken away from who has one. */
#include "policy_cache.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct policy_cache *cache;

static void open_cache(void) {
  cr_assert_eq(policy_cache_new(&cache), 0);
}

static void close_cache(void) {
  policy_cache_free(cache);
}

TestSuite(policy_cache, .init = open_cache, .fini = close_cache);

static const struct policy *take(const char *text, struct policy_key *ret_key) {
  const struct policy *policy;
  struct policy_error error;
  cr_assert_eq(policy_cache_take(cache, text, strlen(text), &policy, ret_key, &error), 0);
  return policy;
}

static const struct policy *take_number(unsigned number, struct policy_key *ret_key) {
  char text[64];
  snprintf(text, sizeof text, "rule r%u when risk > 1 route a otherwise route a", number);
  return take(text, ret_key);
}

/* One that takes a megabyte or more. */
static const struct policy *take_large(unsigned number, struct policy_key *ret_key) {
  enum { MEMBERS = 4000, CAPACITY = 9 * MEMBERS + 100 };
  char *text = malloc(CAPACITY);
  size_t length = (size_t)snprintf(text, CAPACITY, "set s%u = [", number);
  for (unsigned i = 0; i < MEMBERS; i++)
    length += (size_t)snprintf(text + length, CAPACITY - length, " %u", 400000 + 2 * i);
  snprintf(text + length, CAPACITY - length, "] rule r when card.bin in s%u route a otherwise route a",
           number);
  const struct policy *policy = take(text, ret_key);
  free(text);
  return policy;
}

Test(policy_cache, a_text_is_parsed_once) {
  struct policy_key key;
  const struct policy *first = take("otherwise route a", &key), *again = take("otherwise route a", NULL);
  cr_expect_eq(first, again);
  cr_expect_eq(policy_cache_find(cache, &key), first);
  cr_expect_eq(policy_cache_parsed(cache), 1);
  const struct policy *other = take("otherwise  route a", NULL);
  cr_expect_neq(other, first, "another layout is another text: its places are others");
  for (unsigned i = 0; i < 3; i++)
    policy_cache_return(cache, first);
  policy_cache_return(cache, other);
  cr_expect_eq(take("otherwise route a", NULL), first, "it is kept when nobody has it");
  policy_cache_return(cache, first);
}

Test(policy_cache, what_is_wrong_is_said_and_not_kept) {
  const struct policy *policy = NULL;
  struct policy_error error = {0};
  for (unsigned i = 0; i < 2; i++)
    cr_expect_eq(policy_cache_take(cache, "otherwise", 9, &policy, NULL, &error), POLICY_WRONG);
  cr_expect_eq(error.column, 10);
  cr_expect_null(policy);
  cr_expect_eq(policy_cache_parsed(cache), 2);
}

Test(policy_cache, what_was_used_least_of_late_makes_way) {
  struct policy_key first, second, key;
  policy_cache_return(cache, take_number(0, &first));
  policy_cache_return(cache, take_number(1, &second));
  for (unsigned i = 2; i < POLICY_CACHE_MAX; i++)
    policy_cache_return(cache, take_number(i, NULL));
  const struct policy *used = policy_cache_find(cache, &first);
  cr_assert_not_null(used, "there is room for all of these");
  policy_cache_return(cache, used);
  policy_cache_return(cache, take_number(POLICY_CACHE_MAX, &key));
  cr_expect_null(policy_cache_find(cache, &second));
  used = policy_cache_find(cache, &first);
  cr_expect_not_null(used);
  policy_cache_return(cache, used);
}

Test(policy_cache, who_has_one_keeps_it) {
  struct policy_key key;
  const struct policy *had = take_number(0, &key);
  for (unsigned i = 1; i < 3 * POLICY_CACHE_MAX; i++)
    policy_cache_return(cache, take_number(i, NULL));
  cr_expect_str_eq(policy_rule_name(had, 0), "r0");
  cr_expect_eq(policy_cache_find(cache, &key), had);
  policy_cache_return(cache, had);
  policy_cache_return(cache, had);
}

Test(policy_cache, memory_is_bounded) {
  struct policy_key first, last;
  const struct policy *policy = take_large(0, &first);
  size_t each = policy_bytes(policy);
  policy_cache_return(cache, policy);
  cr_assert_gt(each * (POLICY_CACHE_MAX - 1), (size_t)POLICY_CACHE_BYTES_MAX,
               "fewer are kept than could be by number");
  for (unsigned i = 1; i <= POLICY_CACHE_BYTES_MAX / each; i++)
    policy_cache_return(cache, take_large(i, &last));
  cr_expect_null(policy_cache_find(cache, &first));
  policy = policy_cache_find(cache, &last);
  cr_expect_not_null(policy);
  policy_cache_return(cache, policy);
}
