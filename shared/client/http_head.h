/* The head of an answer: from its bytes to status, headers and how the body is framed. Internal to
 * shared/client. */
#pragma once

#include "http_reply.h"

/* Reads reply->head (head_length bytes, ending in the empty line): sets status, headers, keep_alive, part and
 * left. Returns 0, -EBADMSG or -EMSGSIZE. A 1xx leaves status at 0 and part at HTTP_HEAD. */
MUST_USE int http_head_parse(struct http_reply *reply);
