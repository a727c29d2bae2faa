/* Key files of the test environment: magic, label, key, check value. Written once and whole, mode 0600. */
#pragma once

#include "key_label.h"

/* Makes directory/name durably; never replaces one. Returns 0; -EEXIST; or another negated errno. */
MUST_USE int key_file_make(const char *directory, const char *name, const struct key_label *label,
                           const uint8_t key[KEY_BYTES]);
/* Reads one. Returns 0; -ENOENT; -EPERM when it is not a plain file of this user that nobody else may read;
 * -EBADMSG when it is damaged; -EKEYREJECTED when it is a key for another purpose or environment; or another
 * negated errno. ret_key: memory that is fit for the key; untouched on failure. */
MUST_USE int key_file_read(const char *directory, const char *name, enum key_purpose purpose,
                           uint8_t environment, uint8_t ret_key[KEY_BYTES]);
