/* JSON that is written can be read again, whatever is in the texts. */
#include "json_out.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

Test(api_json_out, commas_and_escapes_stand_where_they_must) {
  static const uint8_t bytes[] = {0, 0xab, 0xff};
  struct json_out out = {0};
  char *text;
  size_t length;
  out_open(&out, NULL);
  out_text(&out, "a", "q\"b\\s/\n\x01\xc3\xab");
  out_text(&out, "b", "");
  out_text_always(&out, "c", "");
  out_open_list(&out, "d");
  out_integer(&out, NULL, INT64_MIN);
  out_open(&out, NULL);
  out_close(&out);
  out_open_list(&out, NULL);
  out_close_list(&out);
  out_close_list(&out);
  out_flag(&out, "e", true);
  out_time(&out, "f", 1769860800000);
  out_time(&out, "g", 0);
  out_hex(&out, "h", bytes, sizeof bytes);
  out_thousandths(&out, "i", 12005);
  out_close(&out);
  cr_assert_eq(out_finish(&out, &text, &length), 0);
  cr_expect_str_eq(text,
                   "{\"a\":\"q\\\"b\\\\s/\\u000a\\u0001\xc3\xab\",\"b\":null,\"c\":\"\",\"d\":["
                   "-9223372036854775808,{},[]],\"e\":true,\"f\":\"2026-01-31T12:00:00.000Z\",\"g\":null,"
                   "\"h\":\"00abff\",\"i\":12.005}");
  cr_expect_eq(length, strlen(text));
  json_t *read = json_loads(text, 0, NULL);
  cr_expect_not_null(read);
  json_decref(read);
  free(text);
}

Test(api_json_out, it_grows) {
  struct json_out out = {0};
  char *text;
  size_t length;
  out_open_list(&out, NULL);
  for (int i = 0; i < 10000; i++)
    out_text(&out, NULL, "0123456789");
  out_close_list(&out);
  cr_assert_eq(out_finish(&out, &text, &length), 0);
  cr_expect_eq(length, 2 + 10000 * 13 - 1);
  free(text);
}
