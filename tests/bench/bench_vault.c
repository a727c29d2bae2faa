/* bench_vault FIGURES: tokenize, describe and disk, against a freeport-vault process of its own.
 *
 * tokenize is held to bare LMDB doing the same puts (the same tables, key and value sizes, read from the
 * vault's own file afterwards) in the same batches with one sync each. describe is held to two bare processes
 * that exchange messages of the same sizes over such a socket. The rounds are interleaved with their
 * baselines; vault and baseline run on CPU 0, the client on CPU 1. */
#include <errno.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin.h"
#include "collect_vault.h"
#include "report.h"
#include "spawn.h"

enum { ROUNDS = 5, CARDS = 8000, OUTSTANDING = 64, DESCRIBES = 20000, TABLES_MAX = 16 };

struct peer {
  int fd;
  uint64_t correlation;
  uint8_t bytes[MESSAGE_MAX];
};

static char directory[64] = "/tmp/freeport-bench.XXXXXX";
static struct id merchant;
static uint8_t key_hash[PUBLISHABLE_HASH_BYTES];

static struct writer body_of(struct peer *peer) {
  return writer_over(peer->bytes + MESSAGE_HEADER, sizeof peer->bytes - MESSAGE_HEADER);
}

static void send_message(struct peer *peer, uint8_t type, const struct writer *body) {
  size_t length = writer_length(body);
  struct writer header = writer_over(peer->bytes, MESSAGE_HEADER);
  write_u8(&header, MESSAGE_VERSION);
  write_u8(&header, type);
  write_u16(&header, 0);
  write_u32(&header, (uint32_t)length);
  write_u64(&header, ++peer->correlation);
  if (send(peer->fd, peer->bytes, MESSAGE_HEADER + length, 0) < 0) {
    give_up("sending to the vault");
  }
}

/* A reader over what follows a status of 0; anything else ends the program. */
static struct reader receive_done(struct peer *peer) {
  ssize_t got = recv(peer->fd, peer->bytes, sizeof peer->bytes, 0);
  struct reader reader = reader_over(peer->bytes, got < 0 ? 0 : (size_t)got);
  (void)read_view(&reader, MESSAGE_HEADER);
  uint16_t status = read_u16(&reader);
  if (reader.bad || status != STATUS_DONE) {
    fprintf(stderr, "bench: the vault answered %u\n", status);
    exit(1);
  }
  return reader;
}

static void digits_of(unsigned number, char ret_digits[CARD_NUMBER_CAPACITY]) {
  /* 424242, then nine digits, so that eight leading and four trailing ones seldom meet; then the check digit.
   */
  unsigned spread = number * 7919u % 1000000000u;
  snprintf(ret_digits, CARD_NUMBER_CAPACITY, "424242%09u", spread);
  unsigned sum = 0;
  for (int i = 0; i < 15; i++) {
    unsigned digit = (unsigned)(ret_digits[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  ret_digits[15] = (char)('0' + (10 - sum % 10) % 10);
  ret_digits[16] = '\0';
}

static void send_tokenize(struct peer *collect, unsigned number) {
  struct tokenize tokenize = {.card = {.exp_month = 12, .exp_year = 2030, .name = "Ada Example"}};
  memcpy(tokenize.key_hash, key_hash, sizeof key_hash);
  digits_of(number, tokenize.card.number);
  struct writer body = body_of(collect);
  write_tokenize(&body, &tokenize);
  send_message(collect, CV_TOKENIZE, &body);
}

/* Tokenizes count cards, OUTSTANDING at a time; the last token goes to *ret_token. Returns cards a second. */
static double tokenize_many(struct peer *collect, unsigned first, unsigned count, struct id *ret_token) {
  struct tokenized tokenized;
  unsigned sent = 0;
  double began = seconds_now();
  while (sent < OUTSTANDING) {
    send_tokenize(collect, first + sent++);
  }
  for (unsigned answered = 0; answered < count; answered++) {
    struct reader reader = receive_done(collect);
    if (read_tokenized(&reader, &tokenized) < 0) {
      give_up("reading the vault's answer");
    }
    if (sent < count) {
      send_tokenize(collect, first + sent++);
    }
  }
  *ret_token = tokenized.token;
  return count / (seconds_now() - began);
}

/* ---- What the vault wrote, read from its own file ---- */

struct table_shape {
  char name[64];
  double per_card; /* entries */
  size_t key_bytes, value_bytes;
  uint64_t page_bytes;
};

struct shape {
  int count;
  struct table_shape tables[TABLES_MAX];
  double audit_bytes, bytes;
};

static void add_table(MDB_txn *txn, const char *name, unsigned cards, struct shape *shape) {
  MDB_dbi dbi;
  MDB_stat stat;
  MDB_cursor *cursor;
  MDB_val key, value;
  if (mdb_dbi_open(txn, name, 0, &dbi) != 0 || mdb_stat(txn, dbi, &stat) != 0) {
    return;
  }
  uint64_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
  uint64_t bytes = pages * stat.ms_psize;
  if (strcmp(name, "audit") == 0) {
    shape->audit_bytes += (double)bytes;
    return;
  }
  shape->bytes += (double)bytes;
  if (stat.ms_entries * 100 < cards || shape->count == TABLES_MAX) {
    return; /* not an entry a card or a commit: no cost that grows */
  }
  size_t keys = 0, values = 0, seen = 0;
  mdb_cursor_open(txn, dbi, &cursor);
  while (seen < 2000 && mdb_cursor_get(cursor, &key, &value, seen == 0 ? MDB_FIRST : MDB_NEXT) == 0) {
    keys += key.mv_size;
    values += value.mv_size;
    seen++;
  }
  mdb_cursor_close(cursor);
  struct table_shape *table = &shape->tables[shape->count++];
  snprintf(table->name, sizeof table->name, "%s", name);
  table->per_card = (double)stat.ms_entries / cards;
  table->key_bytes = keys / seen;
  table->value_bytes = values / seen;
}

static struct shape read_shape(unsigned cards) {
  struct shape shape = {0};
  char path[128];
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi main_table;
  MDB_cursor *cursor;
  MDB_val key, value;
  snprintf(path, sizeof path, "%s/vault.mdb", directory);
  if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 32) != 0 ||
      mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY, 0600) != 0 ||
      mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0 || mdb_dbi_open(txn, NULL, 0, &main_table) != 0 ||
      mdb_cursor_open(txn, main_table, &cursor) != 0) {
    give_up("reading the vault's file");
  }
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)key.mv_size, (const char *)key.mv_data);
    add_table(txn, name, cards, &shape);
  }
  mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  mdb_env_close(env);
  return shape;
}

/* ---- Bare LMDB doing the same ---- */

struct bare {
  MDB_env *env;
  MDB_dbi tables[TABLES_MAX];
  double due[TABLES_MAX]; /* entries owed, where a table has not one a card */
};

static struct bare open_bare(const struct shape *shape) {
  struct bare bare = {0};
  char path[128];
  MDB_txn *txn;
  snprintf(path, sizeof path, "%s/bare.mdb", directory);
  if (mdb_env_create(&bare.env) != 0 || mdb_env_set_maxdbs(bare.env, 32) != 0 ||
      mdb_env_set_mapsize(bare.env, (size_t)8 << 30) != 0 ||
      mdb_env_open(bare.env, path, MDB_NOSUBDIR, 0600) != 0 || mdb_txn_begin(bare.env, NULL, 0, &txn) != 0) {
    give_up("opening bare LMDB");
  }
  for (int i = 0; i < shape->count; i++) {
    if (mdb_dbi_open(txn, shape->tables[i].name, MDB_CREATE, &bare.tables[i]) != 0) {
      give_up("opening a bare table");
    }
  }
  mdb_txn_commit(txn);
  return bare;
}

static void put_random(MDB_txn *txn, MDB_dbi dbi, const struct table_shape *table) {
  static uint8_t key_bytes[512], value_bytes[65536];
  randombytes_buf(key_bytes, table->key_bytes);
  MDB_val key = {table->key_bytes, key_bytes}, value = {table->value_bytes, value_bytes};
  if (mdb_put(txn, dbi, &key, &value, 0) != 0) {
    give_up("a bare put");
  }
}

static double bare_many(struct bare *bare, const struct shape *shape, unsigned count) {
  double began = seconds_now();
  for (unsigned done = 0; done < count; done += OUTSTANDING) {
    MDB_txn *txn;
    if (mdb_txn_begin(bare->env, NULL, 0, &txn) != 0) {
      give_up("a bare transaction");
    }
    for (int card = 0; card < OUTSTANDING; card++) {
      for (int i = 0; i < shape->count; i++) {
        for (bare->due[i] += shape->tables[i].per_card; bare->due[i] >= 1; bare->due[i]--) {
          put_random(txn, bare->tables[i], &shape->tables[i]);
        }
      }
    }
    if (mdb_txn_commit(txn) != 0) {
      give_up("a bare commit");
    }
  }
  return count / (seconds_now() - began);
}

/* The baseline runs where the vault runs; each round in a process of its own, which hands back one number. */
static double in_child(double (*measure)(void *context), void *context) {
  int ends[2];
  double result = 0;
  if (pipe(ends) < 0) {
    give_up("a pipe");
  }
  pid_t pid = fork();
  if (pid == 0) {
    pin_to(0);
    result = measure(context);
    _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  close(ends[1]);
  if (read(ends[0], &result, sizeof result) != sizeof result) {
    give_up("the baseline");
  }
  close(ends[0]);
  waitpid(pid, NULL, 0);
  return result;
}

static double bare_round(void *context) {
  struct bare bare = open_bare(context);
  double rate = bare_many(&bare, context, CARDS);
  mdb_env_close(bare.env);
  return rate;
}

/* ---- The measures ---- */

static struct id measure_tokenize(const char *figures, struct peer *collect) {
  double rates[ROUNDS], limits[ROUNDS];
  struct id token;
  unsigned cards = 0;
  for (int i = 0; i < 2; i++, cards += CARDS) { /* warm, so that the shape is known and the file has grown */
    tokenize_many(collect, cards, CARDS, &token);
  }
  for (int i = 0; i < ROUNDS; i++, cards += CARDS) {
    struct shape shape = read_shape(cards);
    if (i == 0) {
      for (int warm = 0; warm < 2; warm++) {
        in_child(bare_round, &shape);
      }
    }
    limits[i] = in_child(bare_round, &shape);
    rates[i] = tokenize_many(collect, cards, CARDS, &token);
  }
  double rate = median(rates, ROUNDS), limit = median(limits, ROUNDS);
  report(figures, &(struct figure){"tokenize", rate, "cards/s", limit, rate / limit, "ratio >= 0.7",
                                   rate / limit >= 0.7});
  struct shape shape = read_shape(cards);
  double bytes = shape.bytes / cards;
  report(figures, &(struct figure){"disk", bytes, "bytes/card", 0, 0, "<= 600", bytes <= 600});
  return token;
}

static void time_round_trips(struct peer *peer, void (*ask)(struct peer *), double *ret_seconds) {
  for (int i = 0; i < DESCRIBES; i++) {
    double began = seconds_now();
    ask(peer);
    ret_seconds[i] = seconds_now() - began;
  }
}

static struct token_question described;
static size_t question_bytes, description_bytes;

static void ask_description(struct peer *router) {
  struct writer body = body_of(router);
  write_token_question(&body, &described);
  send_message(router, RV_DESCRIBE, &body);
  question_bytes = MESSAGE_HEADER + writer_length(&body);
  struct reader reader = receive_done(router);
  description_bytes = MESSAGE_HEADER + 2 + reader_left(&reader);
}

static void ping(struct peer *peer) {
  if (send(peer->fd, peer->bytes, question_bytes, 0) < 0 ||
      recv(peer->fd, peer->bytes, sizeof peer->bytes, 0) <= 0) {
    give_up("the bare exchange");
  }
}

static pid_t start_pong(int fd, int other) {
  pid_t pid = fork();
  if (pid == 0) {
    close(other);
    static uint8_t bytes[MESSAGE_MAX];
    pin_to(0);
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
      if (send(fd, bytes, description_bytes, 0) < 0) {
        break;
      }
    }
    _exit(0);
  }
  return pid;
}

static void measure_describe(const char *figures, struct peer *router, const struct id *token) {
  static double seconds[DESCRIBES];
  double times[ROUNDS], limits[ROUNDS];
  static struct peer bare;
  int ends[2];
  described = (struct token_question){.merchant = merchant, .token = *token};
  ask_description(router);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0) {
    give_up("a socket pair");
  }
  bare.fd = ends[0];
  pid_t pong = start_pong(ends[1], ends[0]);
  close(ends[1]);
  for (int i = 0; i < ROUNDS; i++) {
    time_round_trips(&bare, ping, seconds);
    limits[i] = median(seconds, DESCRIBES) * 1e6;
    time_round_trips(router, ask_description, seconds);
    times[i] = median(seconds, DESCRIBES) * 1e6;
  }
  close(ends[0]);
  waitpid(pong, NULL, 0);
  double time = median(times, ROUNDS), limit = median(limits, ROUNDS);
  report(figures, &(struct figure){"describe", time, "us at p50", limit, time / limit, "ratio <= 2",
                                   time / limit <= 2});
}

/* ---- A vault of its own ---- */

static int open_admin(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", directory);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4) < 0) {
    give_up("the admin socket");
  }
  return fd;
}

static void provision(void) {
  static struct peer admin;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", directory);
  admin.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(admin.fd, (struct sockaddr *)&address, sizeof address) < 0) {
    give_up("connecting to the admin socket");
  }
  struct writer body = body_of(&admin);
  write_merchant_add(&body, &(struct merchant_add){.merchant = merchant});
  send_message(&admin, ADMIN_MERCHANT_ADD, &body);
  receive_done(&admin);
  struct publishable_key_add add = {.merchant = merchant};
  memcpy(add.hash, key_hash, sizeof key_hash);
  body = body_of(&admin);
  write_publishable_key_add(&body, &add);
  send_message(&admin, ADMIN_PUBLISHABLE_KEY_ADD, &body);
  receive_done(&admin);
  close(admin.fd);
}

static void remove_directory(void) {
  static const char *const files[] = {"vault.mdb", "vault.mdb-lock", "bare.mdb",   "bare.mdb-lock",
                                      "root.key",  "escrow.pub",     "escrow.key", "admin.sock"};
  char path[128];
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", directory, files[i]);
    unlink(path);
  }
  rmdir(directory);
}

int main(int argc, char **argv) {
  static struct peer collect, router;
  if (argc != 2) {
    fputs("usage: bench_vault FIGURES\n", stderr);
    return 64;
  }
  if (sodium_init() < 0 || mkdtemp(directory) == NULL) {
    give_up("a directory");
  }
  merchant = id_new("mer", 0);
  randombytes_buf(key_hash, sizeof key_hash);
  int admin = open_admin();
  const char *arguments[] = {"--data", directory, "--environment", "test", NULL};
  struct spawned vault;
  pin_to(0);
  spawn_start(&vault, "freeport-vault", arguments, NULL);
  pin_to(1);
  spawn_give(&vault, "admin", admin);
  collect.fd = spawn_connect(&vault, "collect");
  router.fd = spawn_connect(&vault, "router");
  spawn_wait_ready(&vault);
  provision();
  struct id token = measure_tokenize(argv[1], &collect);
  measure_describe(argv[1], &router, &token);
  int status = spawn_stop(&vault);
  remove_directory();
  return status == 0 ? 0 : 1;
}
