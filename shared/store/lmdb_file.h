/* Checks of an LMDB file before it is trusted: LMDB maps it, and a page that lies behind the end of the file
 * is a SIGBUS for whoever reads it. */
#pragma once

#include <lmdb.h>
#include <stdbool.h>

#include "result.h"

/* What lmdb_file_check() found. */
struct lmdb_file {
  bool is_new;   /* there is none, or one without a byte */
  bool is_short; /* it ends before the last page that its head names */
};

/* Checks that the file path (if it is there) and its lock file are regular files of this user, closed to
 * others and no symbolic links, and that its head is one of LMDB. Returns 0; -EPERM, -ELOOP; -EBADMSG; or
 * another negated errno. */
MUST_USE int lmdb_file_check(const char *path, struct lmdb_file *ret_file);
/* Makes an empty file beside path, mode 0600, in the place of one that a power loss left there; its path is
 * ret_draft[PATH_MAX]. Returns 0 or a negated errno. */
MUST_USE int lmdb_file_draft(const char *path, char *ret_draft);
/* Gives a draft, which is closed and durable, the name path, durably; its lock file goes. Returns 0 or a
 * negated errno. */
MUST_USE int lmdb_file_put_in_place(const char *draft, const char *path);
/* Removes a draft and its lock file. */
void lmdb_file_discard(const char *draft);
/* For a short file: 0 when every page behind its end is a free one, which LMDB need not have written; the
 * file is then lengthened. -EBADMSG when something is missing (the file is left as it was); or another
 * negated errno. */
MUST_USE int lmdb_file_check_missing(const char *path, MDB_env *env);
/* Opens a file that belongs to an LMDB file, for writes that are durable when they return, and locks it
 * against other processes; makes it when it is absent. Returns a descriptor that the caller closes;
 * -EBUSY when another process has it open; -EPERM, -ELOOP as above; or another negated errno. */
MUST_USE int lmdb_side_file_open(const char *path);
/* What was written to it survives a power loss, its place in the directory too. */
MUST_USE int lmdb_side_file_settle(const char *path, int fd);
