/* The merchant, its keys and the env file, over starts of a stack. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"

static char directory[] = "/tmp/freeport-identity.XXXXXX";

static void setup(void) {
  char path[64];
  cr_assert_geq(sodium_init(), 0);
  cr_assert_not_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/run", directory);
  cr_assert_eq(mkdir(path, 0700), 0);
}

static void remove_one(const char *name) {
  char path[96];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  unlink(path);
}

static void teardown(void) {
  char path[64];
  remove_one("env");
  remove_one("env.previous");
  remove_one("run/merchant");
  snprintf(path, sizeof path, "%s/run", directory);
  rmdir(path);
  rmdir(directory);
}

TestSuite(identity, .init = setup, .fini = teardown);

static void write_keys(const struct identity *identity) {
  struct variable variables[] = {{.name = "FREEPORT_SECRET_KEY"}, {.name = "FREEPORT_PUBLISHABLE_KEY"}};
  strcpy(variables[0].value, identity->secret_key.text);
  strcpy(variables[1].value, identity->publishable_key.text);
  cr_assert_eq(env_write(directory, variables, 2), 0);
}

Test(identity, a_new_stack_gets_a_merchant_and_keys_of_its_environment) {
  struct identity identity;
  cr_assert_eq(identity_load(directory, false, &identity), 0);
  cr_assert_eq(id_parse("mer", identity.merchant.text, NULL), 0);
  cr_assert_eq(id_parse("sk_test", identity.secret_key.text, NULL), 0);
  cr_assert_eq(id_parse("pk_test", identity.publishable_key.text, NULL), 0);
}

Test(identity, a_second_start_finds_the_same) {
  struct identity first, second;
  cr_assert_eq(identity_load(directory, false, &first), 0);
  write_keys(&first);
  cr_assert_eq(identity_load(directory, false, &second), 0);
  cr_assert(id_equal(&first.merchant, &second.merchant));
  cr_assert(id_equal(&first.secret_key, &second.secret_key));
  cr_assert(id_equal(&first.publishable_key, &second.publishable_key));
}

Test(identity, a_start_that_did_not_end_keeps_the_keys) {
  struct identity first, second;
  cr_assert_eq(identity_load(directory, false, &first), 0);
  write_keys(&first);
  cr_assert_eq(identity_load(directory, false, &second), 0); /* moved env aside, then died */
  cr_assert_eq(identity_load(directory, false, &second), 0);
  cr_assert(id_equal(&first.secret_key, &second.secret_key));
}

Test(identity, a_lost_env_file_costs_the_keys_but_not_the_merchant) {
  struct identity first, second;
  cr_assert_eq(identity_load(directory, false, &first), 0);
  cr_assert_eq(identity_load(directory, false, &second), 0);
  cr_assert(id_equal(&first.merchant, &second.merchant));
  cr_assert_not(id_equal(&first.secret_key, &second.secret_key));
}

Test(identity, keys_of_the_other_environment_are_not_taken_up) {
  struct identity first, second;
  cr_assert_eq(identity_load(directory, false, &first), 0);
  write_keys(&first);
  cr_assert_eq(identity_load(directory, true, &second), 0);
  cr_assert_eq(id_parse("sk_live", second.secret_key.text, NULL), 0);
}

Test(identity, the_env_file_is_for_its_owner_alone) {
  struct identity identity;
  struct stat status;
  char path[64];
  cr_assert_eq(identity_load(directory, false, &identity), 0);
  write_keys(&identity);
  snprintf(path, sizeof path, "%s/env", directory);
  cr_assert_eq(stat(path, &status), 0);
  cr_assert_eq(status.st_mode & 0777, 0600);
}

Test(identity, a_damaged_merchant_file_is_refused) {
  struct identity identity;
  char path[64];
  snprintf(path, sizeof path, "%s/run/merchant", directory);
  FILE *file = fopen(path, "we");
  cr_assert_not_null(file);
  fputs("not an id\n", file);
  fclose(file);
  cr_assert_lt(identity_load(directory, false, &identity), 0);
}
