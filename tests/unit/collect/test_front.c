/* The key of the certificate is not left behind by a front that ends before it has served. */
#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "front_process.h"

enum { LINKS = 32 /* what malloc itself writes at the beginning of a freed block */ };

static char folder[] = "/tmp/freeport-front.XXXXXX", certificate[64], key[64];
static const char secret[] = "-----BEGIN PRIVATE KEY-----\ncanary-canary-canary-canary\n";

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "we");
  cr_assert_not_null(file);
  fputs(text, file);
  fclose(file);
}

static void set_up(void) {
  mallopt(M_PERTURB, 0); /* which meson sets by MALLOC_PERTURB_, and which wipes too */
  cr_assert_not_null(mkdtemp(folder));
  snprintf(certificate, sizeof certificate, "%s/certificate", folder);
  snprintf(key, sizeof key, "%s/key", folder);
  write_file(certificate, "a certificate");
  write_file(key, secret);
}

static void tear_down(void) {
  unlink(certificate);
  unlink(key);
  rmdir(folder);
}

TestSuite(front, .init = set_up, .fini = tear_down);

Test(front, an_early_end_wipes_the_key) {
  struct front front;
  cr_assert_eq(front_begin(&front, certificate, key), 0);
  cr_assert_str_eq(front.certificate_key, secret);
  const volatile char *freed = front.certificate_key;
  front_end(&front);
#ifndef FREEPORT_SANITIZED /* which does not let anybody read it */
  for (size_t i = LINKS; i < sizeof secret - 1; i++)
    cr_assert_neq(freed[i], secret[i], "%zu", i);
#else
  (void)freed;
#endif
  cr_assert_null(front.certificate_key);
  front_end(&front);
}

Test(front, what_cannot_begin_leaves_nothing) {
  struct front front;
  unlink(certificate);
  cr_assert_eq(front_begin(&front, certificate, key), -EINVAL);
  cr_assert_null(front.certificate_key);
  cr_assert_null(front.loop);
}
