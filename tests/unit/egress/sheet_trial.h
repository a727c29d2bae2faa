/* What the tests of the sheet engine share: the repository's sheets and dispatches to try them with. */
#pragma once

#include "egress_vault.h"
#include "render.h"
#include "sheet.h"
#include <stdbool.h>

#define TRIAL_CARD "4242424242424242"
#define TRIAL_CODE "737"
#define TRIAL_KEY "pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1"

/* The bytes of policy/connectors/NAME.yaml, NUL-terminated; ends the process when there is none. The caller
 * frees them. */
char *trial_sheet_text(const char *name, size_t *ret_length);
/* That sheet, read; ends the process when it is refused. The caller frees it. */
struct sheet *trial_sheet(const char *name);
/* A dispatch of operation at the PSP: 12.34 EUR, with nothing but what is needed, or with every field there
 * is. Of a status question, asked_about is authorize; callers change what they test. */
struct egress_send trial_send(const char *name, enum operation operation, bool maximal);
/* Sets a request field; ends the process when it does not fit. */
void trial_set(struct egress_send *send, enum request_field field, const char *value);
/* Drops it again. */
void trial_unset(struct egress_send *send, enum request_field field);
