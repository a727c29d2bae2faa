/* What OpenSSL frees is wiped: looked at after it was freed. */
#include "wiping_memory.h"
#include <criterion/criterion.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>

enum { BLOCK = 200, LINKS = 16 /* what malloc itself writes at the beginning of a freed block */ };

static int installed = -1;

/* Before main(): Criterion uses OpenSSL too. */
__attribute__((constructor)) static void install(void) {
  mallopt(M_PERTURB, 0); /* which meson sets by MALLOC_PERTURB_, and which wipes too */
  installed = wiping_memory_install();
}

static void expect_wiped(const volatile char *freed) {
#ifndef FREEPORT_SANITIZED
  for (size_t i = LINKS; i < BLOCK; i++)
    cr_assert_neq(freed[i], 'c', "%zu", i);
#else
  (void)freed; /* which a sanitizer does not let anybody read */
#endif
}

static char *take_block(void) {
  char *block = OPENSSL_malloc(BLOCK);
  cr_assert_not_null(block);
  memset(block, 'c', BLOCK);
  return block;
}

Test(wiping_memory, what_is_freed_or_moved_is_wiped) {
  cr_assert_eq(installed, 0);
  char *freed = take_block();
  OPENSSL_free(freed);
  expect_wiped(freed);
  char *moved = take_block(), *larger = OPENSSL_realloc(moved, 100 * BLOCK);
  cr_assert_not_null(larger);
  for (size_t i = 0; i < BLOCK; i++)
    cr_assert_eq(larger[i], 'c', "%zu", i);
  expect_wiped(moved);
  cr_assert_null(OPENSSL_realloc(larger, 0));
  expect_wiped(larger);
  OPENSSL_free(NULL);
}
