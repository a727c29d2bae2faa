/* A PSP's request becomes what the vault is handed, or a problem that repeats nothing of it. Pure: what the
 * fuzz target feeds is hook_body_check(). */
#pragma once

#include "hooks_vault.h"
#include "http.h"
#include "problem.h"

enum { HOOK_JSON_DEPTH = 16 };

/* Whether the body may go on: NULL, or the problem. Only its form is looked at (json_guard.h): the vault
 * parses none, and egress meets no JSON that two readers read differently. */
const struct problem *hook_body_check(const void *body, size_t length);
/* Fills all of ret_hook; body is borrowed from the request. Returns NULL, or the problem to answer with. */
const struct problem *hook_request_read(const struct http_request *request, const char *connector,
                                        struct hook *ret_hook);
