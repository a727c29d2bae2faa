#include "store_memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory_record.h"
#include "store_operations.h"

/* One entry; the entries of a table form a treap: ordered by key, heap-ordered by rank. */
struct entry {
  struct entry *left, *right;
  uint32_t rank;
  uint32_t key_length;
  size_t value_length;
  uint8_t bytes[]; /* the key, then the value */
};

/* How to undo one put or delete of the batch. */
struct change {
  struct change *earlier;
  unsigned table;
  struct entry *added;    /* in the table now, or NULL */
  struct entry *replaced; /* out of the table, or NULL */
};

struct memory_store {
  struct store store;
  struct entry *roots[STORE_TABLES_MAX];
  struct change *batch;
  uint32_t ranks; /* state of the generator of ranks */
  int commit_error;
  bool sync_fails;
  struct memory_record unsynced; /* the batch whose sync failed first; no bytes: none */
};

static struct memory_store *memory_of(struct store *store) {
  return (struct memory_store *)store;
}

static struct view key_of(const struct entry *entry) {
  return (struct view){entry->bytes, entry->key_length};
}

static struct view value_of(const struct entry *entry) {
  return (struct view){entry->bytes + entry->key_length, entry->value_length};
}

static int compare(struct view left, struct view right) {
  size_t shorter = left.length < right.length ? left.length : right.length;
  int order = shorter ? memcmp(left.bytes, right.bytes, shorter) : 0;
  if (order != 0)
    return order;
  return left.length < right.length ? -1 : left.length > right.length;
}

/* The first entry after key, or at it when or_equal. */
static struct entry *first_after(struct entry *root, struct view key, bool or_equal) {
  struct entry *found = NULL;
  while (root) {
    int order = compare(key_of(root), key);
    if (order > 0 || (order == 0 && or_equal)) {
      found = root;
      root = root->left;
    } else {
      root = root->right;
    }
  }
  return found;
}

static struct entry *last_until(struct entry *root, struct view key) {
  struct entry *found = NULL;
  while (root) {
    if (key.length == 0 || compare(key_of(root), key) <= 0) {
      found = root;
      root = root->right;
    } else {
      root = root->left;
    }
  }
  return found;
}

/* Splits into what is less than key and what is not. */
static void split(struct entry *root, struct view key, struct entry **ret_less, struct entry **ret_more) {
  while (root) {
    if (compare(key_of(root), key) < 0) {
      *ret_less = root;
      ret_less = &root->right;
      root = root->right;
    } else {
      *ret_more = root;
      ret_more = &root->left;
      root = root->left;
    }
  }
  *ret_less = NULL;
  *ret_more = NULL;
}

static struct entry *merge(struct entry *less, struct entry *more) {
  struct entry *root = NULL;
  struct entry **at = &root;
  while (less && more) {
    if (less->rank > more->rank) {
      *at = less;
      at = &less->right;
      less = less->right;
    } else {
      *at = more;
      at = &more->left;
      more = more->left;
    }
  }
  *at = less ? less : more;
  return root;
}

/* Puts in an entry. What had its key is taken out and returned, or NULL: the entry has its place and rank
 * then, so that the tree stays as it is. */
static struct entry *attach(struct entry **root, struct entry *entry) {
  struct entry **above = NULL; /* where a new entry of that rank belongs */
  struct entry **at = root;
  while (*at) {
    int order = compare(key_of(*at), key_of(entry));
    if (order == 0)
      break;
    if (!above && (*at)->rank < entry->rank)
      above = at;
    at = order < 0 ? &(*at)->right : &(*at)->left;
  }
  struct entry *replaced = *at;
  if (replaced) {
    entry->left = replaced->left;
    entry->right = replaced->right;
    entry->rank = replaced->rank;
  } else {
    at = above ? above : at;
    split(*at, key_of(entry), &entry->left, &entry->right);
  }
  *at = entry;
  return replaced;
}

/* Takes out the entry of key; NULL when there is none. */
static struct entry *detach(struct entry **root, struct view key) {
  while (*root) {
    int order = compare(key_of(*root), key);
    if (order == 0)
      break;
    root = order < 0 ? &(*root)->right : &(*root)->left;
  }
  struct entry *entry = *root;
  if (entry)
    *root = merge(entry->left, entry->right);
  return entry;
}

static int memory_get(struct store *store, unsigned table, struct view key, struct view *ret_value) {
  struct entry *entry = memory_of(store)->roots[table];
  int order;
  while (entry && (order = compare(key_of(entry), key)) != 0)
    entry = order < 0 ? entry->right : entry->left;
  if (!entry)
    return STORE_ABSENT;
  *ret_value = value_of(entry);
  return 0;
}

static int hand_over(const struct entry *entry, struct view *ret_key, struct view *ret_value) {
  if (!entry)
    return STORE_ABSENT;
  *ret_key = key_of(entry);
  *ret_value = value_of(entry);
  return 0;
}

static int memory_next(struct store *store, unsigned table, struct view key, bool or_equal,
                       struct view *ret_key, struct view *ret_value) {
  return hand_over(first_after(memory_of(store)->roots[table], key, or_equal), ret_key, ret_value);
}

static int memory_last(struct store *store, unsigned table, struct view key, struct view *ret_key,
                       struct view *ret_value) {
  return hand_over(last_until(memory_of(store)->roots[table], key), ret_key, ret_value);
}

/* xorshift32: the shape of the tree needs chance, not secrecy, and tests want it repeatable. */
static uint32_t next_rank(struct memory_store *memory) {
  uint32_t rank = memory->ranks;
  rank ^= rank << 13;
  rank ^= rank >> 17;
  rank ^= rank << 5;
  return memory->ranks = rank;
}

static struct entry *entry_new(struct memory_store *memory, struct view key, struct view value) {
  struct entry *entry = malloc(sizeof *entry + key.length + value.length);
  if (!entry)
    return NULL;
  *entry = (struct entry){
      .rank = next_rank(memory), .key_length = (uint32_t)key.length, .value_length = value.length};
  memcpy(entry->bytes, key.bytes, key.length);
  if (value.length)
    memcpy(entry->bytes + key.length, value.bytes, value.length);
  return entry;
}

static int memory_put(struct store *store, unsigned table, struct view key, struct view value) {
  struct memory_store *memory = memory_of(store);
  struct change *change = malloc(sizeof *change);
  struct entry *entry = entry_new(memory, key, value);
  if (!change || !entry) {
    free(change);
    free(entry);
    return -ENOMEM;
  }
  *change = (struct change){.earlier = memory->batch, .table = table, .added = entry};
  change->replaced = attach(&memory->roots[table], entry);
  memory->batch = change;
  return 0;
}

static int memory_remove(struct store *store, unsigned table, struct view key) {
  struct memory_store *memory = memory_of(store);
  struct change *change = malloc(sizeof *change);
  if (!change)
    return -ENOMEM;
  *change = (struct change){.earlier = memory->batch, .table = table};
  change->replaced = detach(&memory->roots[table], key);
  memory->batch = change;
  return 0;
}

static void memory_abandon(struct store *store) {
  struct memory_store *memory = memory_of(store);
  while (memory->batch) {
    struct change *change = memory->batch;
    memory->batch = change->earlier;
    struct entry **root = &memory->roots[change->table];
    if (change->replaced)
      free(attach(root, change->replaced));
    else if (change->added)
      free(detach(root, key_of(change->added)));
    free(change);
  }
}

/* ---- The batch as a disk has it ---- */

static struct record_change change_of(const struct change *change) {
  const struct entry *entry = change->added ? change->added : change->replaced;
  struct record_change told = {.table = change->table, .removes = !change->added};
  if (entry)
    told.key = key_of(entry);
  if (change->added)
    told.value = value_of(entry);
  return told;
}

static size_t batch_length(const struct memory_store *memory) {
  size_t changes = 0, bytes = 0;
  for (const struct change *change = memory->batch; change; change = change->earlier) {
    struct record_change told = change_of(change);
    changes += told.key.length > 0;
    bytes += told.key.length + told.value.length;
  }
  return record_length(changes, bytes);
}

/* The changes of a batch hang together last first. */
static void reverse(struct memory_store *memory) {
  struct change *earlier, *reversed = NULL;
  for (struct change *change = memory->batch; change; change = earlier) {
    earlier = change->earlier;
    change->earlier = reversed;
    reversed = change;
  }
  memory->batch = reversed;
}

static int write_record(struct memory_store *memory, struct memory_record *ret_record) {
  struct memory_record record;
  int r = record_begin(&record, batch_length(memory));
  if (r < 0)
    return r;
  reverse(memory);
  for (const struct change *change = memory->batch; change; change = change->earlier) {
    struct record_change told = change_of(change);
    if (told.key.length > 0) /* a deletion of what was not there changes nothing */
      record_add(&record, &told);
  }
  reverse(memory);
  record_end(&record);
  *ret_record = record;
  return 0;
}

/* Whether it is on the disk nobody knows; the store does not go on. */
static int fail_sync(struct memory_store *memory) {
  int r = memory->unsynced.bytes ? 0 : write_record(memory, &memory->unsynced);
  memory_abandon(&memory->store);
  return r < 0 ? r : -EIO;
}

static int memory_commit(struct store *store) {
  struct memory_store *memory = memory_of(store);
  if (memory->sync_fails && memory->batch)
    return fail_sync(memory);
  if (memory->commit_error && memory->batch) {
    memory_abandon(store);
    return memory->commit_error;
  }
  while (memory->batch) {
    struct change *change = memory->batch;
    memory->batch = change->earlier;
    free(change->replaced);
    free(change);
  }
  return 0;
}

static bool memory_pending(const struct store *store) {
  return ((const struct memory_store *)store)->batch != NULL;
}

/* All of a table: what is to the left comes to the top until there is nothing. */
static void free_entries(struct entry *root) {
  while (root) {
    struct entry *next = root->left ? root->left : root->right;
    if (root->left) {
      root->left = next->right;
      next->right = root;
    } else {
      free(root);
    }
    root = next;
  }
}

static void memory_close(struct store *store) {
  struct memory_store *memory = memory_of(store);
  memory_abandon(store);
  record_free(&memory->unsynced);
  for (unsigned i = 0; i < STORE_TABLES_MAX; i++)
    free_entries(memory->roots[i]);
  free(memory);
}

static const struct store_operations memory_operations = {
    .get = memory_get,
    .next = memory_next,
    .last = memory_last,
    .put = memory_put,
    .remove = memory_remove,
    .commit = memory_commit,
    .abandon = memory_abandon,
    .pending = memory_pending,
    .close = memory_close,
};

int store_open_memory(const char *const *tables, struct store **ret_store) {
  int count = store_count_tables(tables);
  if (count < 0)
    return count;
  struct memory_store *memory = calloc(1, sizeof *memory);
  if (!memory)
    return -ENOMEM;
  memory->store = (struct store){.operations = &memory_operations, .table_count = (unsigned)count};
  memory->ranks = 2463534242U;
  *ret_store = &memory->store;
  return 0;
}

/* What opening the store does with the last record that it finds: all of it, or nothing. */
static int recover(struct memory_store *memory, const struct memory_record *record) {
  struct record_change change;
  size_t at = 0;
  int r = 0;
  if (!record_is_whole(record))
    return 0;
  while (r == 0 && record_next(record, &at, &change))
    r = change.removes ? memory_remove(&memory->store, change.table, change.key)
                       : memory_put(&memory->store, change.table, change.key, change.value);
  return r < 0 ? r : memory_commit(&memory->store);
}

static void forget_unsynced(struct memory_store *memory) {
  record_free(&memory->unsynced);
  memory->unsynced = (struct memory_record){0};
  memory->sync_fails = false;
}

void store_memory_crash(struct store *store) {
  memory_abandon(store);
  forget_unsynced(memory_of(store));
}

size_t store_memory_batch_bytes(const struct store *store) {
  const struct memory_store *memory = (const struct memory_store *)store;
  return memory->unsynced.bytes ? memory->unsynced.length : batch_length(memory);
}

int store_memory_crash_writing(struct store *store, size_t reached) {
  struct memory_store *memory = memory_of(store);
  struct memory_record record = memory->unsynced;
  int commit_error = memory->commit_error;
  int r = record.bytes ? 0 : write_record(memory, &record);
  memory->unsynced = (struct memory_record){0};
  store_memory_crash(store);
  if (r < 0)
    return r;
  record_tear(&record, reached);
  memory->commit_error = 0;
  r = recover(memory, &record);
  memory->commit_error = commit_error;
  record_free(&record);
  return r;
}

void store_memory_fail_sync(struct store *store) {
  memory_of(store)->sync_fails = true;
}

void store_memory_fail_commits(struct store *store, int error) {
  memory_of(store)->commit_error = error;
}
