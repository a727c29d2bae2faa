/* Reads an LMDB file beside the process that has it, as a backup would.
 *
 *   lmdb_reader hold FILE     takes a reader's slot, prints "reading" and holds it until it is killed
 *   lmdb_reader count FILE    prints how many slots are taken */
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(int code) {
  fprintf(stderr, "lmdb_reader: %s\n", mdb_strerror(code));
  return 1;
}

static int hold(MDB_env *env) {
  MDB_txn *txn;
  int r = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
  if (r != 0)
    return fail(r);
  puts("reading");
  fflush(stdout);
  for (;;)
    pause();
}

/* LMDB lists them as texts: a heading, then one a slot. */
static int count_line(const char *text, void *context) {
  unsigned *lines = context;
  for (const char *end = strchr(text, '\n'); end != NULL; end = strchr(end + 1, '\n'))
    (*lines)++;
  return 0;
}

static int count(MDB_env *env) {
  unsigned lines = 0;
  mdb_reader_list(env, count_line, &lines);
  printf("%u\n", lines > 0 ? lines - 1 : 0);
  return 0;
}

int main(int argc, char **argv) {
  MDB_env *env;
  if (argc != 3 || (strcmp(argv[1], "hold") != 0 && strcmp(argv[1], "count") != 0)) {
    fputs("usage: lmdb_reader hold|count FILE\n", stderr);
    return 64;
  }
  int r = mdb_env_create(&env);
  if (r == 0)
    r = mdb_env_open(env, argv[2], MDB_NOSUBDIR | MDB_RDONLY, 0600);
  if (r != 0)
    return fail(r);
  return argv[1][0] == 'h' ? hold(env) : count(env);
}
