#include "tables.h"

#include <stddef.h>

const char *const vault_tables[TABLE_COUNT + 1] = {
    "meta",   "merchants",  "publishable_keys", "tokens", "index",   "similar",
    "escrow", "connectors", "deletions",        "audit",  "emptied", NULL,
};
