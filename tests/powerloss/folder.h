/* A folder for files that live for a moment. */
#pragma once

#include <stddef.h>

/* Makes one, in memory where the machine has such a place. */
void folder_make(char *ret_path, size_t capacity);
/* Removes it and the files in it. */
void folder_remove(const char *path);
