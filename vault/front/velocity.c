#include "velocity.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 1024, WAYS = 8, SECOND_US = 1000000 };

struct bucket {
  uint8_t address[16];
  int64_t seen_us; /* 0: free */
  int64_t left_us; /* what is left of the burst, as time: one request costs SECOND_US / per_second */
};

struct velocity {
  uint32_t per_second;
  uint32_t burst;
  uint8_t key[crypto_shorthash_KEYBYTES]; /* so that nobody can choose addresses that meet in one set */
  struct bucket buckets[SETS][WAYS];
};

struct velocity *velocity_new(uint32_t per_second, uint32_t burst) {
  struct velocity *velocity = calloc(1, sizeof *velocity);
  if (velocity == NULL)
    return NULL;
  velocity->per_second = per_second;
  velocity->burst = burst;
  crypto_shorthash_keygen(velocity->key);
  return velocity;
}

void velocity_free(struct velocity *velocity) {
  free(velocity);
}

static void client_of(const uint8_t address[16], uint8_t ret_client[16]) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  memcpy(ret_client, address, 16);
  if (memcmp(address, mapped, sizeof mapped) != 0)
    memset(ret_client + 8, 0, 8);
}

static struct bucket *find(struct velocity *velocity, const uint8_t client[16]) {
  uint64_t hash;
  crypto_shorthash((uint8_t *)&hash, client, 16, velocity->key);
  struct bucket *set = velocity->buckets[hash % SETS], *oldest = set;
  for (size_t way = 0; way < WAYS; way++) {
    if (set[way].seen_us != 0 && memcmp(set[way].address, client, 16) == 0)
      return &set[way];
    if (set[way].seen_us < oldest->seen_us)
      oldest = &set[way];
  }
  memcpy(oldest->address, client, 16);
  oldest->seen_us = 0;
  return oldest;
}

bool velocity_take(struct velocity *velocity, const uint8_t address[16], int64_t now_us) {
  if (velocity->per_second == 0)
    return true;
  int64_t cost = SECOND_US / velocity->per_second, most = cost * velocity->burst;
  uint8_t client[16];
  client_of(address, client);
  struct bucket *bucket = find(velocity, client);
  int64_t left = bucket->seen_us == 0 ? most : bucket->left_us + (now_us - bucket->seen_us);
  if (left > most)
    left = most;
  bucket->seen_us = now_us > 0 ? now_us : 1;
  bucket->left_us = left >= cost ? left - cost : left;
  return left >= cost;
}
