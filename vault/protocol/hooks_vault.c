#include "hooks_vault.h"

#include "parts.h"

void write_hook(struct writer *writer, const struct hook *hook) {
  write_text(writer, hook->connector);
  for (size_t i = 0; i < WEBHOOK_HEADERS; i++)
    write_text(writer, hook->signatures[i]);
  write_u32(writer, hook->body_length);
  write_bytes(writer, hook->body, hook->body_length);
}

int read_hook(struct reader *reader, struct hook *ret_hook) {
  struct hook hook = {0};
  read_name(reader, hook.connector, sizeof hook.connector);
  for (size_t i = 0; i < WEBHOOK_HEADERS; i++)
    read_alphabet(reader, ALPHABET_PRINT, hook.signatures[i], sizeof hook.signatures[i]);
  hook.body_length = read_u32(reader);
  hook.body = read_view(reader, hook.body_length);
  if (hook.body_length == 0 || hook.body_length > HOOK_BODY_MAX)
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_hook = hook;
  return r;
}
