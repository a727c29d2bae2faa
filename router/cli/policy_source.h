/* A policy as the command line names it: a file, standard input, an id, or the one in force. */
#pragma once

#include "ids.h"
#include "policy_api.h"
#include "routing.h"

struct policy_source {
  char *text; /* as it is written */
  char *canonical;
  struct policy *policy; /* what that says */
  char hash[POLICY_HASH_CAPACITY];
  struct id id;      /* empty for a file */
  const char *label; /* what it is called in what is printed */
};

/* Reads word: an id ("pol_..."), "-" for standard input, or a file; NULL: the one in force. Ids are asked of
 * api. Returns 0 with what source_free() frees; or a negated errno after saying what is wrong, with line and
 * column where a text is no policy. */
MUST_USE int source_read(struct merchant_api *api, const char *word, struct policy_source *ret_source);
void source_free(struct policy_source *source);
/* Drafts it when it has no id yet, unless that very text is among the newest drafts: then it takes that one's
 * id. */
MUST_USE int source_draft(struct merchant_api *api, const char *reason, struct policy_source *source);
