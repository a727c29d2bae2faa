/* JSON of a PSP, bounded, and looking into it by a sheet's paths. */
#pragma once

#include "result.h"
#include "sheet_model.h"
#include <jansson.h>

enum { JSON_SCALAR_CAPACITY = 2304 };

/* Reads length bytes: at most ANSWER_BODY_MAX, nested at most ANSWER_DEPTH_MAX deep, no key twice. Returns
 * the value, which the caller gives back with json_decref(); or NULL for anything else. Its memory is wiped
 * when it is freed. */
json_t *answer_json_read(const void *bytes, size_t length);
/* What stands at path under root, or NULL; JSON's null counts as nothing. Borrowed. */
const json_t *answer_json_at(const json_t *root, const struct json_path *path);
/* A string, an integer or a boolean as text; the length, or 0 when it is something else, empty, too long or
 * has a NUL. */
size_t answer_json_text(const json_t *value, char ret_text[JSON_SCALAR_CAPACITY]);
