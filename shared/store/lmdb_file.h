/* Checks of an LMDB file before it is trusted: LMDB maps it, and a page that lies behind the end of the file
 * is a SIGBUS for whoever reads it. */
#pragma once

#include <lmdb.h>
#include <stdbool.h>

#include "result.h"

/* Makes the file path with mode 0600 when it is absent. Else checks that it and its lock file are regular
 * files of this user, closed to others and no symbolic links, and that its head is one of LMDB. *ret_short:
 * the file ends before the last page that its head names. Returns 0; -EPERM, -ELOOP; -EBADMSG; or another
 * negated errno. */
MUST_USE int lmdb_file_check(const char *path, bool *ret_short);
/* For a short file: 0 when every page behind its end is a free one, which LMDB need not have written; the
 * file is then lengthened. -EBADMSG when something is missing (the file is left as it was); or another
 * negated errno. */
MUST_USE int lmdb_file_check_missing(const char *path, MDB_env *env);
/* Opens a file that belongs to an LMDB file, for writes that are durable when they return, and locks it
 * against other processes. anew: makes it when it is absent. Returns a descriptor that the caller closes;
 * -EBUSY when another process has it open; -EPERM, -ELOOP as above; or another negated errno. */
MUST_USE int lmdb_side_file_open(const char *path);
/* What was written to it survives a power loss, its place in the directory too. */
MUST_USE int lmdb_side_file_settle(const char *path, int fd);
