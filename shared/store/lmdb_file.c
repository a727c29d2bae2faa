#include "lmdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cursor.h"

/* The head of an LMDB 0.9 file on a 64-bit machine: two meta pages. Each is a page header of 16 bytes, then
 * magic, version, address, map size, the records of the free list and of the list of tables, the last page
 * and the number of the transaction; the page size is the first word of the free list's record in the first
 * of them. */
enum {
  META_BYTES = 152,
  PAGE_HEADER = 16,
  ADDRESS_AND_MAP_SIZE = 16,
  TABLE_RECORD = 48,
  LMDB_VERSION = 1,
  PAGE_SIZE_MIN = 256,
  PAGE_SIZE_MAX = 65536
};
static const uint32_t lmdb_magic = 0xBEEFC0DE;

struct meta {
  uint32_t page_size;
  uint64_t last_page;
  uint64_t transaction;
};

static int check_status(const struct stat *status) {
  if (!S_ISREG(status->st_mode))
    return -ELOOP;
  if (status->st_uid != geteuid() || (status->st_mode & 077) != 0 || status->st_nlink != 1)
    return -EPERM;
  return 0;
}

/* path with suffix behind it, to ret_path[PATH_MAX]. */
static int add_suffix(const char *path, const char *suffix, char *ret_path) {
  int length = snprintf(ret_path, PATH_MAX, "%s%s", path, suffix);
  return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int check_lock_file(const char *path) {
  char lock[PATH_MAX];
  struct stat status;
  int r = add_suffix(path, "-lock", lock);
  if (r < 0)
    return r;
  if (lstat(lock, &status) < 0)
    return errno == ENOENT ? 0 : -errno;
  return check_status(&status);
}

static int read_meta(int fd, off_t at, struct meta *ret_meta) {
  uint8_t bytes[META_BYTES];
  ssize_t length = pread(fd, bytes, sizeof bytes, at);
  if (length != (ssize_t)sizeof bytes)
    return length < 0 ? -errno : -EBADMSG;
  struct reader reader = reader_over(bytes, sizeof bytes);
  (void)read_view(&reader, PAGE_HEADER);
  uint32_t magic = read_u32(&reader);
  uint32_t version = read_u32(&reader);
  (void)read_view(&reader, ADDRESS_AND_MAP_SIZE);
  struct meta meta = {.page_size = read_u32(&reader)};
  (void)read_view(&reader, 2 * TABLE_RECORD - sizeof meta.page_size);
  meta.last_page = read_u64(&reader);
  meta.transaction = read_u64(&reader);
  if (reader_finish(&reader) < 0 || magic != lmdb_magic || version != LMDB_VERSION)
    return -EBADMSG;
  *ret_meta = meta;
  return 0;
}

static int check_head(int fd, off_t size, bool *ret_short) {
  struct meta first, second;
  int r = read_meta(fd, 0, &first);
  if (r < 0)
    return r;
  uint32_t page_size = first.page_size;
  if (page_size < PAGE_SIZE_MIN || page_size > PAGE_SIZE_MAX || (page_size & (page_size - 1)) != 0)
    return -EBADMSG;
  r = read_meta(fd, (off_t)page_size, &second);
  if (r < 0)
    return r;
  uint64_t last_page = second.transaction > first.transaction ? second.last_page : first.last_page;
  *ret_short = last_page >= (uint64_t)size / page_size;
  return 0;
}

/* The name of a new file must survive a power loss too. */
static int sync_directory_of(const char *path) {
  char copy[PATH_MAX];
  if (strlen(path) >= sizeof copy)
    return -ENAMETOOLONG;
  strcpy(copy, path);
  int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  int r = fsync(fd) < 0 ? -errno : 0;
  close(fd);
  return r;
}

static int check_open(int fd, struct lmdb_file *ret_file) {
  struct stat status;
  int r = fstat(fd, &status) < 0 ? -errno : check_status(&status);
  if (r < 0)
    return r;
  ret_file->is_new = status.st_size == 0;
  return ret_file->is_new ? 0 : check_head(fd, status.st_size, &ret_file->is_short);
}

int lmdb_file_check(const char *path, struct lmdb_file *ret_file) {
  struct lmdb_file file = {0};
  int r = check_lock_file(path);
  if (r < 0)
    return r;
  int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) {
    r = check_open(fd, &file);
    close(fd);
  } else {
    file.is_new = errno == ENOENT;
    r = file.is_new ? 0 : -errno;
  }
  if (r == 0)
    *ret_file = file;
  return r;
}

void lmdb_file_discard(const char *draft) {
  char lock[PATH_MAX];
  (void)unlink(draft);
  if (add_suffix(draft, "-lock", lock) == 0)
    (void)unlink(lock);
}

int lmdb_file_draft(const char *path, char *ret_draft) {
  int r = add_suffix(path, ".new", ret_draft);
  if (r < 0)
    return r;
  lmdb_file_discard(ret_draft);
  int fd = open(ret_draft, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return -errno;
  close(fd);
  return 0;
}

int lmdb_file_put_in_place(const char *draft, const char *path) {
  if (rename(draft, path) < 0)
    return -errno;
  lmdb_file_discard(draft);
  return sync_directory_of(path);
}

int lmdb_side_file_open(const char *path) {
  int fd = open(path, O_RDWR | O_DSYNC | O_NOFOLLOW | O_CLOEXEC | O_CREAT, 0600);
  if (fd < 0)
    return -errno;
  struct stat status;
  int r = fstat(fd, &status) < 0 ? -errno : check_status(&status);
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (r == 0 && fcntl(fd, F_OFD_SETLK, &whole) < 0)
    r = errno == EAGAIN ? -EBUSY : -errno;
  /* Whoever had it until now may have removed it: then the lock is on a file that nobody else will meet. */
  if (r == 0 && (fstat(fd, &status) < 0 || status.st_nlink == 0))
    r = -EBUSY;
  if (r == 0)
    return fd;
  close(fd);
  return r;
}

int lmdb_side_file_settle(const char *path, int fd) {
  return fsync(fd) < 0 ? -errno : sync_directory_of(path);
}

/* How many of the free pages lie at first or behind it. */
static int count_free(MDB_txn *txn, uint64_t first, uint64_t *ret_count) {
  enum { FREE_LIST = 0 }; /* the handle under which mdb_stat(1) too reads LMDB's list of free pages */
  MDB_cursor *cursor;
  int r = mdb_cursor_open(txn, FREE_LIST, &cursor);
  if (r != 0)
    return r;
  MDB_val key, value;
  uint64_t count = 0;
  while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    struct reader reader = reader_over(value.mv_data, value.mv_size);
    for (uint64_t left = read_u64(&reader); left > 0 && !reader.bad; left--)
      count += read_u64(&reader) >= first && !reader.bad;
  }
  mdb_cursor_close(cursor);
  *ret_count = count;
  return r == MDB_NOTFOUND ? 0 : r;
}

/* With the file at its full length already: what is missing reads as zeroes and not as a SIGBUS. */
static int check_free(MDB_env *env, off_t size) {
  MDB_envinfo info;
  MDB_stat stat;
  MDB_txn *txn;
  if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0)
    return -EBADMSG;
  if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0)
    return -EBADMSG;
  uint64_t first_missing = (uint64_t)size / stat.ms_psize;
  uint64_t missing_free = 0;
  int r = count_free(txn, first_missing, &missing_free);
  mdb_txn_abort(txn);
  return r == 0 && missing_free == info.me_last_pgno + 1 - first_missing ? 0 : -EBADMSG;
}

int lmdb_file_check_missing(const char *path, MDB_env *env) {
  MDB_envinfo info;
  MDB_stat stat;
  if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0)
    return -EBADMSG;
  int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  struct stat status;
  int r = fstat(fd, &status) < 0 ? -errno : 0;
  if (r == 0 && ftruncate(fd, (off_t)((info.me_last_pgno + 1) * stat.ms_psize)) < 0)
    r = -errno;
  if (r == 0) {
    r = check_free(env, status.st_size);
    if (r < 0 && ftruncate(fd, status.st_size) < 0)
      r = -errno;
  }
  close(fd);
  return r;
}
