/* From a webhook's body to what its sheet reads in it (B4): the same patterns and typed fields as of an
 * answer. */
#pragma once

#include "result.h"
#include "sheet.h"
#include "webhook_reading.h"

/* Reads the body by the sheet. Returns 0 with *ret_reading, scrubbed; -EBADMSG when it is no JSON, has no
 * entry or too many, or a signed value that is too long; -EOPNOTSUPP when the sheet has no webhooks. */
MUST_USE int webhook_read(const struct sheet *sheet, const struct webhook_body *body,
                          struct webhook_reading *ret_reading);
