/* YAML as far as sheets need it: maps, lists and texts of printable ASCII, in a tree. Anchors, aliases, tags,
 * merge keys, a second document and duplicate keys are refused, so that a sheet means what it says and cannot
 * grow. */
#pragma once

#include "result.h"
#include "sheet.h"
#include "sheet_memory.h"
#include <stdbool.h>
#include <stddef.h>

enum { YAML_DEPTH_MAX = 24, YAML_NODES_MAX = 8192, YAML_TEXT_MAX = 1024 };

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
  enum yaml_kind kind;
  unsigned line;           /* 1 for the first */
  bool plain;              /* a text without quotes: true, false and integers are then literals */
  const char *key;         /* in a map; else NULL */
  unsigned key_line;       /* of the key; 0 without one */
  const char *text;        /* of a text; else NULL */
  struct yaml_node *child; /* the first of a list or map */
  struct yaml_node *next;
};

/* Reads length bytes into *ret_root, which lives in it. Returns 0; -EINVAL with *ret_error; -ENOMEM.
 */
MUST_USE int yaml_tree_read(const void *bytes, size_t length, struct sheet_memory *memory,
                            struct yaml_node **ret_root, struct sheet_error *ret_error);
/* The member of a map by name, or NULL. */
const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key);
