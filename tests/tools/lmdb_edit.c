/* Changes an LMDB file behind the back of the process that owns it, as whoever gets at the disk could. Only
 * while no process has it open.
 *
 *   lmdb_edit flip FILE TABLE KEY OFFSET   turns one bit of the byte at OFFSET (negative: from the end) of
 * KEY's value lmdb_edit remove FILE TABLE KEY        removes the row lmdb_edit show FILE TABLE KEY prints the
 * value
 *
 * KEY, and the value printed, are hexadecimal digits. */
#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 255, TABLES = 17, EXIT_WRONG_USAGE = 64 };

struct edit {
  const char *action;
  char *const *rest; /* what follows the key */
  MDB_txn *txn;
  MDB_dbi table;
  MDB_val key, value;
};

static int refuse(const char *reason) {
  fprintf(stderr, "lmdb_edit: %s\n", reason);
  return EXIT_FAILURE;
}

/* Returns how many bytes, or -1. */
static int read_hex(const char *text, uint8_t ret_bytes[KEY_MAX]) {
  size_t length = strlen(text) / 2;
  if (strlen(text) % 2 != 0 || length > KEY_MAX)
    return -1;
  for (size_t i = 0; i < length; i++) {
    unsigned byte;
    if (sscanf(text + 2 * i, "%2x", &byte) != 1)
      return -1;
    ret_bytes[i] = (uint8_t)byte;
  }
  return (int)length;
}

static int flip(struct edit *edit) {
  long offset = strtol(edit->rest[0], NULL, 10);
  long length = (long)edit->value.mv_size;
  if (offset < -length || offset >= length)
    return refuse("the value is shorter");
  uint8_t *copy = malloc(edit->value.mv_size);
  if (copy == NULL)
    return refuse("out of memory");
  memcpy(copy, edit->value.mv_data, edit->value.mv_size);
  copy[offset < 0 ? length + offset : offset] ^= 1;
  MDB_val changed = {.mv_size = edit->value.mv_size, .mv_data = copy};
  int r = mdb_put(edit->txn, edit->table, &edit->key, &changed, 0);
  free(copy);
  return r == 0 ? EXIT_SUCCESS : refuse(mdb_strerror(r));
}

static int take_out(struct edit *edit) {
  int r = mdb_del(edit->txn, edit->table, &edit->key, NULL);
  return r == 0 ? EXIT_SUCCESS : refuse(mdb_strerror(r));
}

static int show(struct edit *edit) {
  for (size_t i = 0; i < edit->value.mv_size; i++)
    printf("%02x", ((const uint8_t *)edit->value.mv_data)[i]);
  putchar('\n');
  return EXIT_SUCCESS;
}

static int run(MDB_env *env, const char *table, const char *key, struct edit *edit) {
  uint8_t bytes[KEY_MAX];
  int length = read_hex(key, bytes);
  if (length < 0)
    return refuse("the key is not hexadecimal");
  edit->key = (MDB_val){.mv_size = (size_t)length, .mv_data = bytes};
  int r = mdb_txn_begin(env, NULL, 0, &edit->txn);
  if (r == 0)
    r = mdb_dbi_open(edit->txn, table, 0, &edit->table);
  if (r == 0)
    r = mdb_get(edit->txn, edit->table, &edit->key, &edit->value);
  if (r != 0)
    return refuse(mdb_strerror(r));
  int status = edit->action[0] == 'f' ? flip(edit) : edit->action[0] == 'r' ? take_out(edit) : show(edit);
  if (status != EXIT_SUCCESS)
    return status;
  r = mdb_txn_commit(edit->txn);
  return r == 0 ? EXIT_SUCCESS : refuse(mdb_strerror(r));
}

int main(int argc, char **argv) {
  bool with_offset = argc > 1 && strcmp(argv[1], "flip") == 0;
  bool known = with_offset || (argc > 1 && (strcmp(argv[1], "remove") == 0 || strcmp(argv[1], "show") == 0));
  if (!known || argc != (with_offset ? 6 : 5)) {
    fputs("usage: lmdb_edit flip|remove|show FILE TABLE KEY [OFFSET]\n", stderr);
    return EXIT_WRONG_USAGE;
  }
  struct edit edit = {.action = argv[1], .rest = argv + 5};
  MDB_env *env;
  int r = mdb_env_create(&env);
  if (r == 0)
    r = mdb_env_set_maxdbs(env, TABLES);
  if (r == 0)
    r = mdb_env_open(env, argv[2], MDB_NOSUBDIR, 0600);
  int status = r == 0 ? run(env, argv[3], argv[4], &edit) : refuse(mdb_strerror(r));
  if (r == 0)
    mdb_env_close(env);
  return status;
}
