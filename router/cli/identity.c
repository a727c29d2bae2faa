#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

int env_read(const char *directory, const char *file, const char *name, char *ret_value, size_t capacity) {
  char path[PATH_MAX], line[512];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  FILE *stream = fopen(path, "re");
  if (stream == NULL) {
    return -errno;
  }
  int result = -ENOENT;
  size_t length = strlen(name);
  while (result != 0 && fgets(line, sizeof line, stream) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, name, length) == 0 && line[length] == '=' && strlen(line + length + 1) < capacity) {
      strcpy(ret_value, line + length + 1);
      result = 0;
    }
  }
  sodium_memzero(line, sizeof line);
  fclose(stream);
  return result;
}

int env_write(const char *directory, const struct variable *variables, unsigned count) {
  char path[PATH_MAX], fresh[PATH_MAX];
  snprintf(path, sizeof path, "%s/env", directory);
  snprintf(fresh, sizeof fresh, "%s/env.new", directory);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    return -errno;
  }
  FILE *stream = fdopen(fd, "w");
  if (stream == NULL) {
    int error = -errno;
    close(fd);
    return error;
  }
  bool wrote = true;
  for (unsigned i = 0; i < count; i++) {
    wrote = fprintf(stream, "%s=%s\n", variables[i].name, variables[i].value) > 0 && wrote;
  }
  wrote = fflush(stream) == 0 && fsync(fd) == 0 && wrote;
  if (fclose(stream) != 0 || !wrote) {
    return -EIO;
  }
  return rename(fresh, path) < 0 ? -errno : 0;
}

static int read_key(const char *directory, const char *name, const char *prefix, struct id *ret_key) {
  char text[KEY_CAPACITY];
  int result = env_read(directory, "env.previous", name, text, sizeof text);
  if (result == 0) {
    result = id_parse(prefix, text, NULL);
  }
  if (result == 0) {
    *ret_key = (struct id){0};
    strcpy(ret_key->text, text);
  }
  sodium_memzero(text, sizeof text);
  return result;
}

/* The merchant outlives a lost env file: without it, the tokens of the vault would belong to nobody. */
static int load_merchant(const char *directory, struct id *ret_merchant) {
  char path[PATH_MAX], text[ID_CAPACITY] = "";
  snprintf(path, sizeof path, "%s/run/merchant", directory);
  FILE *stream = fopen(path, "re");
  if (stream != NULL) {
    bool read = fscanf(stream, "%39s", text) == 1;
    fclose(stream);
    if (!read || id_parse("mer", text, NULL) < 0) {
      fprintf(stderr, "freeport: %s does not hold a merchant's id\n", path);
      return -EINVAL;
    }
    *ret_merchant = (struct id){0};
    strcpy(ret_merchant->text, text);
    return 0;
  }
  *ret_merchant = id_new("mer", system_clock.now_ms(system_clock.context));
  stream = fopen(path, "we");
  if (stream == NULL) {
    return -errno;
  }
  fprintf(stream, "%s\n", ret_merchant->text);
  return fclose(stream) == 0 ? 0 : -EIO;
}

int identity_load(const char *directory, bool live, struct identity *ret_identity) {
  char path[PATH_MAX], previous[PATH_MAX];
  snprintf(path, sizeof path, "%s/env", directory);
  snprintf(previous, sizeof previous, "%s/env.previous", directory);
  if (rename(path, previous) < 0 && errno != ENOENT) {
    return -errno;
  }
  int result = load_merchant(directory, &ret_identity->merchant);
  if (result < 0) {
    return result;
  }
  const char *secret = live ? "sk_live" : "sk_test";
  const char *publishable = live ? "pk_live" : "pk_test";
  if (read_key(directory, "FREEPORT_SECRET_KEY", secret, &ret_identity->secret_key) < 0) {
    ret_identity->secret_key = id_new_random(secret);
  }
  if (read_key(directory, "FREEPORT_PUBLISHABLE_KEY", publishable, &ret_identity->publishable_key) < 0) {
    ret_identity->publishable_key = id_new_random(publishable);
  }
  return 0;
}

void identity_wipe(struct identity *identity) {
  sodium_memzero(identity, sizeof *identity);
}

void key_hash(const struct id *key, uint8_t ret_hash[KEY_HASH_BYTES]) {
  crypto_hash_sha256(ret_hash, (const unsigned char *)key->text, strlen(key->text));
}
