#include "card.h"

#include <sodium.h>

void card_wipe(struct card *card) {
  sodium_memzero(card, sizeof *card);
}

void card_code_wipe(struct card_code *code) {
  sodium_memzero(code, sizeof *code);
}
