/* Fields to bytes: a JSON object, or a form as PSPs read it (a[b][0]=v). */
#pragma once

#include "out.h"
#include "place_value.h"

/* How far the text of a template has a value: returns 0, PLACE_HAS_NONE, or a negated errno. */
MUST_USE int template_present(const struct exchange *exchange, const struct text_template *text);

/* Writes the object's fields. Returns 0; -EINVAL, -ERANGE as render_step(); -ENOBUFS. */
MUST_USE int render_json(const struct exchange *exchange, const struct node *object, struct out *out);
/* The same as a form; brackets of names are percent-encoded where encode_names is set (in a query). */
MUST_USE int render_form(const struct exchange *exchange, const struct node *object, bool encode_names,
                         struct out *out);
