#include "sandbox_form.h"
#include "sandbox_request.h"
#include <string.h>

const char *form_get(const struct form *form, const char *name) {
  for (size_t i = 0; i < form->count; i++)
    if (strcmp(form->pairs[i].name, name) == 0)
      return form->pairs[i].value;
  return NULL;
}

static bool add_pair(char *pair, struct form *form) {
  char *equals = strchr(pair, '=');
  char *value = equals == NULL ? pair + strlen(pair) : equals + 1;
  if (equals != NULL)
    *equals = '\0';
  if (form->count == FORM_PAIRS_MAX || !percent_decode(pair, true) || !percent_decode(value, true))
    return false;
  bool list = strlen(pair) > 2 && strcmp(pair + strlen(pair) - 2, "[]") == 0; /* expand[]= may come again */
  if (pair[0] == '\0' || (!list && form_get(form, pair) != NULL))
    return false;
  form->pairs[form->count].name = pair;
  form->pairs[form->count].value = value;
  form->count++;
  return true;
}

bool form_parse(char *text, struct form *ret_form) {
  ret_form->count = 0;
  for (char *rest = text; rest != NULL && *rest != '\0';) {
    char *pair = strsep(&rest, "&");
    if (*pair != '\0' && !add_pair(pair, ret_form))
      return false;
  }
  return true;
}
