/* A vault of a few lines at the other end of a line: answers what it is told to. */
#pragma once

#include "channel.h"
#include "collect_vault.h"

struct fake_vault {
  struct channel channel;
  unsigned asked;           /* how many questions came */
  struct tokenize tokenize; /* the last of each */
  struct code_typed typed;
  uint64_t correlation; /* of the last question */
  uint8_t type;
};

/* Takes over fd. */
void fake_vault_open(struct fake_vault *vault, int fd);
void fake_vault_close(struct fake_vault *vault);
/* Receives everything that is there, without answering. */
void fake_vault_receive(struct fake_vault *vault);
/* Answers the last question: with the token of view when status is STATUS_DONE. */
void fake_vault_answer(struct fake_vault *vault, enum status status);
