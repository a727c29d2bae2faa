#include "drills_parse.h"
#include "connector_entry.h"

const struct json_rule drill_rules[] = {{"seconds", json_take_integer, .required = true,
                                         .offset = offsetof(struct drill_body, seconds), .low = 1,
                                         .high = DRILL_MS_MAX / 1000},
                                        {0}};

int parse_drill(const void *bytes, size_t length, struct drill_body *ret_body, struct fault *ret_fault) {
  *ret_body = (struct drill_body){0};
  return json_take_body(bytes, length, false, drill_rules, ret_body, ret_fault);
}
