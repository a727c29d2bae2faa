/* A card in the clear. Refuses to compile outside the vault's room: nothing else may declare one. */
#pragma once

#ifndef FREEPORT_ROOM_VAULT
#error "a card number may be declared in the vault's room only"
#endif

#include <stddef.h>
#include <stdint.h>

enum {
  CARD_NUMBER_MIN = 12,
  CARD_NUMBER_MAX = 19,
  CARD_NUMBER_CAPACITY = CARD_NUMBER_MAX + 1,
  CARD_CODE_CAPACITY = 5,
  CARD_NAME_CAPACITY = 65
};

/* Whoever holds one wipes it with card_wipe(). */
struct card {
  char number[CARD_NUMBER_CAPACITY]; /* digits */
  uint8_t exp_month;                 /* 1 to 12 */
  uint16_t exp_year;                 /* four digits */
  char name[CARD_NAME_CAPACITY];     /* the holder's name, or "" */
};

struct card_code {
  char digits[CARD_CODE_CAPACITY]; /* three or four digits, or "" for none */
};

void card_wipe(struct card *card);
void card_code_wipe(struct card_code *code);
