#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bins.h"
#include "bins_csv.h"
#include "bins_flatten.h"
#include "bins_format.h"

struct compiler {
  struct bytes spans[BIN_LENGTHS]; /* of struct span */
  struct bytes records;            /* of struct bin_record */
  struct bytes pool;
  struct interned known_texts, known_records;
  uint32_t rows;
};

static int add_row(struct compiler *compiler, const struct bin_row *row) {
  struct bin_record record = {.network = (uint8_t)row->facts.network, .funding = (uint8_t)row->facts.funding};
  struct span span = {.first = row->first, .last = row->last, .row = compiler->rows};
  memcpy(record.country, row->facts.country, sizeof record.country);
  int r = bins_intern(&compiler->known_texts, &compiler->pool, 1, true, row->facts.issuer, &record.issuer);
  if (r == 0)
    r = bins_intern(&compiler->known_texts, &compiler->pool, 1, true, row->facts.category, &record.category);
  if (r == 0)
    r = bins_intern(&compiler->known_records, &compiler->records, sizeof record, false, &record,
                    &span.record);
  if (r == 0 && ++compiler->rows > BIN_RANGES_MAX / 2)
    r = -EFBIG;
  return r < 0 ? r : bytes_append(&compiler->spans[row->digits - BIN_DIGITS_MIN], &span, sizeof span);
}

static int read_rows(struct compiler *compiler, FILE *file, uint64_t *ret_line) {
  struct bin_csv *csv = malloc(sizeof *csv);
  if (!csv)
    return -ENOMEM;
  uint32_t nothing;
  int r = bins_intern(&compiler->known_texts, &compiler->pool, 1, true, "", &nothing);
  if (r == 0)
    r = bin_csv_open(csv, file);
  while (r == 0) {
    struct bin_row row;
    r = bin_csv_next(csv, &row);
    if (r == 0)
      r = add_row(compiler, &row);
  }
  if (r == -EBADMSG)
    *ret_line = csv->line;
  free(csv);
  return r == BIN_CSV_END ? 0 : r;
}

static int append_number(struct bytes *out, uint32_t number) {
  return bytes_append(out, &number, sizeof number);
}

static int append_ranges(struct bytes *out, unsigned length, const struct span *pieces, uint32_t count) {
  int r = 0;
  uint32_t at = 0;
  for (uint32_t i = 0; r == 0 && i < BIN_INDEX_ENTRIES; i++) {
    while (at < count && pieces[at].first < i * bin_index_scale(length))
      at++;
    r = append_number(out, at);
  }
  for (uint32_t i = 0; r == 0 && i < count; i++)
    r = append_number(out, pieces[i].first);
  for (uint32_t i = 0; r == 0 && i < count; i++)
    r = append_number(out, pieces[i].last);
  for (uint32_t i = 0; r == 0 && i < count; i++)
    r = append_number(out, pieces[i].record);
  return r;
}

static int lay_out(struct compiler *compiler, struct bytes *out) {
  struct bin_header header = {.magic = bin_magic,
                              .format = BIN_FORMAT,
                              .count = compiler->rows,
                              .record_count = (uint32_t)(compiler->records.used / sizeof(struct bin_record)),
                              .pool_bytes = (uint32_t)compiler->pool.used};
  int r = bytes_append(out, &header, sizeof header);
  for (unsigned i = 0; r == 0 && i < BIN_LENGTHS; i++) {
    struct bytes pieces = {0};
    r = bins_flatten(&compiler->spans[i], &pieces);
    header.ranges[i] = (uint32_t)(pieces.used / sizeof(struct span));
    if (r == 0)
      r = append_ranges(out, i, (const struct span *)(const void *)pieces.at, header.ranges[i]);
    free(pieces.at);
  }
  if (r == 0 && compiler->records.used)
    r = bytes_append(out, compiler->records.at, compiler->records.used);
  if (r == 0)
    r = bytes_append(out, compiler->pool.at, compiler->pool.used);
  if (r == 0) {
    memcpy(out->at, &header, sizeof header);
    crypto_generichash(header.hash, sizeof header.hash, out->at, out->used, NULL, 0);
    memcpy(out->at, &header, sizeof header);
  }
  return r;
}

static int write_whole(int fd, const struct bytes *out) {
  for (size_t at = 0; at < out->used;) {
    ssize_t written = write(fd, out->at + at, out->used - at);
    if (written < 0 && errno != EINTR)
      return -errno;
    at += written > 0 ? (size_t)written : 0;
  }
  return fsync(fd) < 0 ? -errno : 0;
}

/* Beside the old table and then in its place: whoever has the old one mapped keeps it. */
static int replace_file(const char *path, const struct bytes *out) {
  char beside[PATH_MAX];
  int length = snprintf(beside, sizeof beside, "%s.new", path);
  if (length < 0 || (size_t)length >= sizeof beside)
    return -ENAMETOOLONG;
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0)
    return -errno;
  int r = write_whole(fd, out);
  if (close(fd) < 0 && r == 0)
    r = -errno;
  if (r == 0 && rename(beside, path) < 0)
    r = -errno;
  if (r < 0)
    (void)unlink(beside);
  return r;
}

static void compiler_free(struct compiler *compiler) {
  for (unsigned i = 0; i < BIN_LENGTHS; i++)
    free(compiler->spans[i].at);
  free(compiler->records.at);
  free(compiler->pool.at);
  free(compiler->known_texts.slots);
  free(compiler->known_records.slots);
}

int bin_table_compile(FILE *csv, const char *out_path, uint64_t *ret_line, uint32_t *ret_count) {
  struct compiler compiler = {0};
  struct bytes out = {0};
  int r = read_rows(&compiler, csv, ret_line);
  if (r == 0)
    r = lay_out(&compiler, &out);
  if (r == 0)
    r = replace_file(out_path, &out);
  if (r == 0)
    *ret_count = compiler.rows;
  free(out.at);
  compiler_free(&compiler);
  return r;
}
