#include "fake_vault.h"

#include <assert.h>
#include <string.h>

#include "card_rules.h"

void fake_vault_open(struct fake_vault *vault, int fd) {
  memset(vault, 0, sizeof *vault);
  int error = channel_open(&vault->channel, fd);
  assert(error == 0);
}

void fake_vault_close(struct fake_vault *vault) {
  channel_close(&vault->channel);
  vault->channel.fd = -1;
}

void fake_vault_receive(struct fake_vault *vault) {
  struct message message;
  while (channel_receive(&vault->channel, &message) == 0) {
    struct reader reader = reader_over(message.body, message.length);
    int error = message.type == CV_TOKENIZE ? read_tokenize(&reader, &vault->tokenize)
                                            : read_code_typed(&reader, &vault->typed);
    assert(error == 0);
    vault->asked++;
    vault->correlation = message.correlation;
    vault->type = message.type;
  }
}

static void write_token(struct writer *writer, const struct card *card) {
  struct tokenized tokenized = {.token = id_new_random("tok"),
                                .card = {.network = card_network(card->number),
                                         .exp_month = card->exp_month,
                                         .exp_year = card->exp_year}};
  size_t length = strlen(card->number);
  memcpy(tokenized.card.bin, card->number, card_bin_digits(length));
  strcpy(tokenized.card.last4, card->number + length - 4);
  write_tokenized(writer, &tokenized);
}

void fake_vault_answer(struct fake_vault *vault, enum status status) {
  uint8_t bytes[512];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, (uint16_t)status);
  if (status == STATUS_DONE && vault->type == CV_TOKENIZE)
    write_token(&writer, &vault->tokenize.card);
  if (status == STATUS_DONE && vault->type == CV_SECURITY_CODE)
    write_code_leased(&writer, &(struct code_leased){id_new_random("cvc"), 1800000000000});
  int error = writer_finish(&writer);
  assert(error == 0);
  error = channel_send(&vault->channel, vault->type | REPLY_BIT, vault->correlation, bytes,
                       writer_length(&writer));
  assert(error == 0);
}
