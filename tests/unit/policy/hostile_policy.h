/* Policies that are written to be dear: well-formed, within every limit of the language, and as much work as
 * their length allows to whoever reads, compiles or checks them carelessly. */
#pragma once

#include <stddef.h>

enum hostile_shape {
  HOSTILE_CURRENCY_OR,    /* one condition that asks for amounts in every currency, again and again */
  HOSTILE_CURRENCY_RULES, /* a rule each */
  HOSTILE_CURRENCY_NOT,   /* and none of them */
  HOSTILE_CURRENCY_SETS,  /* a set each */
  HOSTILE_SPEND,          /* what was spent in every window, in as many currencies as may be */
  HOSTILE_BIN_OR,         /* the same with a set of 4,096 BINs */
  HOSTILE_BIN_RULES,
  HOSTILE_BIN_NOT,
  HOSTILE_BIN_AND,  /* a little less of the set each time */
  HOSTILE_BIN_WIDE, /* BINs of 6, 7 and 8 digits in one set */
  HOSTILE_LONG_OR,  /* one comparison each, all of one fact */
  HOSTILE_LONG_AND,
  HOSTILE_SLOTS,        /* more than 200 attributes in turn */
  HOSTILE_SLOTS_IN,     /* each asked for the members of one large set */
  HOSTILE_SLOTS_LARGE,  /* all of them in every rule */
  HOSTILE_TEXTS,        /* long texts, all different */
  HOSTILE_COLLIDING,    /* texts that a careless hash takes for one another */
  HOSTILE_RULES,        /* as many rules as fit */
  HOSTILE_CANDIDATES,   /* sixteen unknown connectors each */
  HOSTILE_MEMBERS,      /* as many members of sets as fit, each set compared with many facts */
  HOSTILE_DEEP,         /* and, or, not within each other as deep as may be */
  HOSTILE_ALTERNATIVES, /* products of alternatives */
  HOSTILE_ADVICE,       /* rules that never decide */
  HOSTILE_COUNT
};

/* For messages. */
const char *hostile_name(enum hostile_shape shape);
/* About so many bytes of it, never more; NUL-terminated, freed by the caller. */
char *hostile_policy(enum hostile_shape shape, size_t bytes);
