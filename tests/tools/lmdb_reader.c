/* Opens a reader's slot in an LMDB file, as a backup would, and holds it until it is killed.
 *
 *   lmdb_reader FILE     prints "reading" once it holds the slot */
#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

static int fail(const char *what, int code) {
  fprintf(stderr, "lmdb_reader: %s: %s\n", what, mdb_strerror(code));
  return 1;
}

int main(int argc, char **argv) {
  MDB_env *env;
  MDB_txn *txn;
  if (argc != 2) {
    fputs("usage: lmdb_reader FILE\n", stderr);
    return 64;
  }
  int r = mdb_env_create(&env);
  if (r == 0)
    r = mdb_env_open(env, argv[1], MDB_NOSUBDIR | MDB_RDONLY, 0600);
  if (r != 0)
    return fail("cannot open the file", r);
  r = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
  if (r != 0)
    return fail("cannot read", r);
  puts("reading");
  fflush(stdout);
  for (;;)
    pause();
}
