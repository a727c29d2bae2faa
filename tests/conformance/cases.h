/* What is asked of each PSP's description: tables, so that a new sheet adds rows and no code. */
#pragma once

#include "egress_vault.h"
#include <stdbool.h>
#include <stddef.h>

/* A change to the maximal request. */
struct variant {
  const char *name;
  enum request_field field;
  const char *value; /* NULL: the field is left out */
};

/* A request that a description lacks: listed, and checked against the sandbox alone. */
struct lacking_request {
  const char *psp;
  const char *method;
  const char *path; /* up to a placeholder's value, which "*" stands for */
};

/* A field that a description lacks: the request that bears it is refused for exactly this reason. */
struct lacking_field {
  const char *psp;
  enum operation operation;
  const char *field;     /* as it stands in a violation */
  struct variant bearer; /* what makes the request bear it */
};

/* A sheet made wrong: what is found in its text is replaced, and the request must be refused. */
struct wrong_sheet {
  const char *psp;
  enum operation operation;
  const char *what;
  const char *find;
  const char *replace;
};

extern const struct variant variants[];
extern const size_t variant_count;
extern const struct lacking_request lacking_requests[];
extern const size_t lacking_request_count;
extern const struct lacking_field lacking_fields[];
extern const size_t lacking_field_count;
extern const struct wrong_sheet wrong_sheets[];
extern const size_t wrong_sheet_count;
