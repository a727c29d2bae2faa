/* Wrapping, key files, the arena and escrow. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "arena.h"
#include "entropy.h"
#include "escrow.h"
#include "key_file.h"
#include "provider_file.h"

static char folder[] = "/tmp/freeport-keys-XXXXXX";

static void make_folder(void) {
  cr_assert_geq(sodium_init(), 0);
  cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void) {
  char command[sizeof folder + 16];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(keys, .init = make_folder, .fini = remove_folder);

static struct key_label label_for(enum key_purpose purpose) {
  struct key_label label = {
      .purpose = purpose, .environment = ENVIRONMENT_TEST, .generation = 1, .created_ms = 1700000000000};
  memset(label.owner, 7, sizeof label.owner);
  return label;
}

Test(keys, a_wrapped_key_opens_for_its_label_alone) {
  uint8_t root[KEY_BYTES], key[KEY_BYTES], wrapped[WRAPPED_KEY_BYTES], back[KEY_BYTES];
  randombytes_buf(root, sizeof root);
  randombytes_buf(key, sizeof key);
  struct key_label label = label_for(KEY_MERCHANT);
  key_wrap(root, &label, key, wrapped);
  cr_assert_eq(key_unwrap(root, &label, wrapped, back), 0);
  cr_assert_arr_eq(back, key, KEY_BYTES);

  struct key_label others[5];
  for (size_t i = 0; i < 5; i++)
    others[i] = label;
  others[0].purpose = KEY_INDEX;
  others[1].environment = ENVIRONMENT_LIVE;
  others[2].generation = 2;
  others[3].owner[15] ^= 1;
  others[4].created_ms++;
  for (size_t i = 0; i < 5; i++)
    cr_assert_eq(key_unwrap(root, &others[i], wrapped, back), -EBADMSG, "label %zu", i);
  root[0] ^= 1;
  cr_assert_eq(key_unwrap(root, &label, wrapped, back), -EBADMSG);
}

Test(keys, a_label_names_a_purpose_and_a_generation) {
  struct key_label label, read;
  uint8_t bytes[KEY_LABEL_BYTES];
  for (unsigned purpose = 0; purpose < 256; purpose++) {
    label = label_for((enum key_purpose)purpose);
    key_label_write(&label, bytes);
    bool known = purpose >= 1 && purpose < KEY_PURPOSE_COUNT;
    cr_assert_eq(key_label_read(bytes, &read), known ? 0 : -EBADMSG, "%u", purpose);
  }
  label = label_for(KEY_MERCHANT);
  label.generation = 0;
  key_label_write(&label, bytes);
  cr_assert_eq(key_label_read(bytes, &read), -EBADMSG);
}

Test(keys, no_two_wrappings_share_their_nonce) {
  uint8_t root[KEY_BYTES] = {1}, key[KEY_BYTES] = {2}, one[WRAPPED_KEY_BYTES], other[WRAPPED_KEY_BYTES];
  struct key_label label = label_for(KEY_MERCHANT);
  key_wrap(root, &label, key, one);
  key_wrap(root, &label, key, other);
  cr_assert_neq(memcmp(one, other, 24), 0);
}

Test(keys, every_flipped_bit_of_a_wrapped_key_is_noticed) {
  uint8_t root[KEY_BYTES], key[KEY_BYTES], wrapped[WRAPPED_KEY_BYTES], back[KEY_BYTES];
  memset(back, 0xaa, sizeof back);
  randombytes_buf(root, sizeof root);
  randombytes_buf(key, sizeof key);
  struct key_label label = label_for(KEY_INDEX);
  key_wrap(root, &label, key, wrapped);
  for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
    wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
    cr_assert_eq(key_unwrap(root, &label, wrapped, back), -EBADMSG);
    wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t i = 0; i < sizeof back; i++)
    cr_assert_eq(back[i], 0xaa, "where no key opened nothing is written");
}

Test(keys, a_root_key_is_made_once_and_found_again) {
  struct arena *arena;
  cr_assert_eq(arena_new(65536, &arena), 0);
  struct root_provider first, second;
  cr_assert_eq(provider_file_open(folder, ENVIRONMENT_TEST, false, 1, arena, &first), -ENOENT);
  cr_assert_eq(provider_file_open(folder, ENVIRONMENT_TEST, true, 1, arena, &first), 0);
  cr_assert_eq(provider_file_open(folder, ENVIRONMENT_TEST, true, 2, arena, &second), 0);
  cr_assert_not(sodium_is_zero(first.context, KEY_BYTES));
  struct key_label label = label_for(KEY_MERCHANT);
  uint8_t key[KEY_BYTES] = {1, 2, 3}, back[KEY_BYTES], wrapped[WRAPPED_KEY_BYTES];
  cr_assert_eq(first.wrap(first.context, &label, key, wrapped), 0);
  cr_assert_eq(second.unwrap(second.context, &label, wrapped, back), 0);
  cr_assert_arr_eq(back, key, KEY_BYTES);
  arena_free(arena);
}

Test(keys, the_file_provider_serves_the_test_environment_alone) {
  struct arena *arena;
  cr_assert_eq(arena_new(65536, &arena), 0);
  struct root_provider provider;
  cr_assert_eq(provider_file_open(folder, ENVIRONMENT_LIVE, true, 1, arena, &provider), -EPERM);
  cr_assert_eq(provider_file_open(folder, ENVIRONMENT_TEST, true, 1, arena, &provider), 0);
  cr_assert_not(provider.live);
  arena_free(arena);
}

static void path_of(const char *name, char ret[128]) {
  snprintf(ret, 128, "%s/%s", folder, name);
}

Test(keys, a_key_file_of_another_use_or_open_to_others_is_refused) {
  struct key_label label = label_for(KEY_ROOT);
  uint8_t key[KEY_BYTES] = {9}, back[KEY_BYTES];
  cr_assert_eq(key_file_make(folder, "a.key", &label, key), 0);
  cr_assert_eq(key_file_make(folder, "a.key", &label, key), -EEXIST);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), 0);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_LIVE, back), -EKEYREJECTED);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_INDEX, ENVIRONMENT_TEST, back), -EKEYREJECTED);
  char path[128];
  path_of("a.key", path);
  cr_assert_eq(chmod(path, 0640), 0);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EPERM);
  cr_assert_eq(chmod(path, 0600), 0);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), 0);
  if (chown(path, 1, 1) == 0) /* who may give it away */
    cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EPERM);
  path_of("folder.key", path);
  cr_assert_eq(mkdir(path, 0700), 0);
  cr_assert_eq(key_file_read(folder, "folder.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EPERM);
}

Test(keys, a_key_lies_in_its_file_alone) {
  struct key_label label = label_for(KEY_ROOT);
  uint8_t key[KEY_BYTES] = {9};
  char left_over[128];
  path_of("a.key.new", left_over);
  int fd = open(left_over, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  cr_assert_geq(fd, 0);
  close(fd); /* of one that died while it made a key */
  cr_assert_eq(key_file_make(folder, "a.key", &label, key), 0);
  cr_assert_eq(access(left_over, F_OK), -1);
}

Test(keys, a_damaged_or_linked_key_file_is_refused) {
  struct key_label label = label_for(KEY_ROOT);
  uint8_t key[KEY_BYTES] = {9}, back[KEY_BYTES];
  cr_assert_eq(key_file_make(folder, "a.key", &label, key), 0);
  char path[128], link[128];
  path_of("a.key", path);
  path_of("b.key", link);
  cr_assert_eq(symlink(path, link), 0);
  cr_assert_eq(key_file_read(folder, "b.key", KEY_ROOT, ENVIRONMENT_TEST, back), -ELOOP);
  int fd = open(path, O_RDWR);
  uint8_t bytes[256];
  ssize_t length = read(fd, bytes, sizeof bytes);
  cr_assert_eq(pwrite(fd, "x", 1, length), 1);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EBADMSG, "a byte more");
  cr_assert_eq(ftruncate(fd, length), 0);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), 0);
  bytes[7]++; /* another format, and the check of it made anew */
  crypto_generichash(bytes + length - 16, 16, bytes, (size_t)length - 16, NULL, 0);
  cr_assert_eq(pwrite(fd, bytes, (size_t)length, 0), length);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EBADMSG);
  bytes[7]--;
  crypto_generichash(bytes + length - 16, 16, bytes, (size_t)length - 16, NULL, 0);
  cr_assert_eq(pwrite(fd, bytes, (size_t)length, 0), length);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), 0);
  cr_assert_eq(pwrite(fd, "x", 1, 50), 1);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EBADMSG);
  cr_assert_eq(ftruncate(fd, 10), 0);
  cr_assert_eq(key_file_read(folder, "a.key", KEY_ROOT, ENVIRONMENT_TEST, back), -EBADMSG);
  close(fd);
}

Test(keys, escrow_opens_with_the_private_half_alone) {
  uint8_t public_key[KEY_BYTES], private_key[KEY_BYTES], key[KEY_BYTES] = {5}, back[KEY_BYTES];
  uint8_t sealed[ESCROW_SEALED_BYTES];
  cr_assert_eq(escrow_open(folder, ENVIRONMENT_TEST, false, 1, public_key), -ENOENT);
  cr_assert_eq(escrow_open(folder, ENVIRONMENT_LIVE, true, 1, public_key), -ENOENT, "custodians bring it");
  cr_assert_eq(escrow_open(folder, ENVIRONMENT_TEST, true, 1, public_key), 0);
  cr_assert_eq(key_file_read(folder, "escrow.key", KEY_ESCROW_PRIVATE, ENVIRONMENT_TEST, private_key), 0);
  cr_assert_eq(escrow_seal(public_key, key, sealed), 0);
  cr_assert_eq(escrow_unseal(private_key, sealed, back), 0);
  cr_assert_arr_eq(back, key, KEY_BYTES);
  private_key[3] ^= 1;
  cr_assert_eq(escrow_unseal(private_key, sealed, back), -EBADMSG);
}

Test(keys, the_arena_is_locked_and_bounded) {
  struct arena *arena;
  cr_assert_eq(arena_new(8192, &arena), 0);
  uint8_t *first = arena_take(arena, 100), *second = arena_take(arena, 100);
  cr_assert_eq(second - first, 128);
  cr_assert(sodium_is_zero(first, 100));
  cr_assert_null(arena_take(arena, 8192));
  cr_assert_null(arena_take(arena, SIZE_MAX));
  arena_free(arena);
}

Test(keys, entropy_is_drawn_from_the_pool_and_wiped) {
  struct arena *arena;
  cr_assert_eq(arena_new(65536, &arena), 0);
  const uint8_t *begin = arena_take(arena, 1);
  cr_assert_eq(entropy_begin(arena), 0);
  const uint8_t *end = arena_take(arena, 1);
  cr_assert_str_eq(randombytes_implementation_name(), "freeport");
  uint8_t draws[64][16], big[4096] = {0};
  for (size_t i = 0; i < 64; i++) {
    randombytes_buf(draws[i], 16);
    for (size_t j = 0; j < i; j++)
      cr_assert_arr_neq(draws[i], draws[j], 16);
  }
  for (size_t i = 0; i < 64; i++)
    cr_assert_null(memmem(begin, (size_t)(end - begin), draws[i], 16),
                   "what was drawn is in the pool no more");
  randombytes_buf(big, sizeof big);
  cr_assert_not(sodium_is_zero(big + 2048, 2048));
  randombytes_set_implementation(&randombytes_sysrandom_implementation);
  arena_free(arena);
}
