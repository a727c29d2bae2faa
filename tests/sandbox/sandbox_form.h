/* application/x-www-form-urlencoded: a body of Stripe's, or a query. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { FORM_PAIRS_MAX = 160 };

struct form {
  size_t count;
  struct {
    const char *name, *value; /* borrowed from the text that was parsed */
  } pairs[FORM_PAIRS_MAX];
};

/* Parses text in place. False when it is broken, has too many pairs, or a name twice. */
bool form_parse(char *text, struct form *ret_form);
/* The value of name, or NULL. */
const char *form_get(const struct form *form, const char *name);
