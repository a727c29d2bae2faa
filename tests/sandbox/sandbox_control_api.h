/* /_sandbox/NAME/behaviour, /_sandbox/NAME/charges and /_sandbox/NAME/errors. */
#pragma once

#include "sandbox_psp.h"

/* Serves a request whose path begins with /_sandbox/. Returns the book whose behaviour was changed, or NULL.
 */
struct book *control_api_serve(struct books *books, const struct request *request, struct psp_answer *answer);
