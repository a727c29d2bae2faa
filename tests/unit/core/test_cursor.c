#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"

Test(cursor, what_is_written_is_read_back) {
  uint8_t bytes[128];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u8(&writer, 0xfe);
  write_u16(&writer, 0xfedc);
  write_u32(&writer, 0xfedcba98);
  write_u64(&writer, 0xfedcba9876543210);
  write_i64(&writer, INT64_MIN);
  write_bool(&writer, true);
  write_bytes(&writer, "raw", 3);
  write_text(&writer, "text");
  write_text(&writer, "");
  cr_assert_eq(writer_finish(&writer), 0);
  cr_assert_eq(bytes[1], 0xdc, "integers are little-endian");
  struct reader reader = reader_over(bytes, writer_length(&writer));
  char raw[3], text[5] = {'o', 'l', 'd', 'e', 'r'};
  cr_expect_eq(read_u8(&reader), 0xfe);
  cr_expect_eq(read_u16(&reader), 0xfedc);
  cr_expect_eq(read_u32(&reader), 0xfedcba98);
  cr_expect_eq(read_u64(&reader), 0xfedcba9876543210);
  cr_expect_eq(read_i64(&reader), INT64_MIN);
  cr_expect(read_bool(&reader));
  read_bytes(&reader, raw, sizeof raw);
  cr_expect_arr_eq(raw, "raw", 3);
  cr_expect_eq(read_text(&reader, text, sizeof text), 4);
  cr_expect_str_eq(text, "text");
  cr_expect_eq(read_text(&reader, text, sizeof text), 0);
  cr_expect_eq(reader_left(&reader), 0);
  cr_expect_eq(reader_finish(&reader), 0);
}

Test(cursor, a_reader_stays_bad_and_yields_nothing) {
  const uint8_t bytes[] = {1, 2, 3, 4, 5};
  struct reader reader = reader_over(bytes, sizeof bytes);
  cr_expect_eq(read_u64(&reader), 0);
  char raw[4] = "abc";
  read_bytes(&reader, raw, sizeof raw);
  cr_expect_eq(raw[0], 0, "what is not there reads as zeroes");
  cr_expect_eq(read_u8(&reader), 0);
  cr_expect_null(read_view(&reader, 1));
  cr_expect_eq(reader_left(&reader), 0);
  cr_expect_eq(reader_finish(&reader), -EBADMSG);
}

Test(cursor, what_is_left_over_is_an_error) {
  const uint8_t bytes[] = {1, 2};
  struct reader reader = reader_over(bytes, sizeof bytes);
  cr_expect_eq(read_u8(&reader), 1);
  cr_expect_eq(reader_left(&reader), 1);
  cr_expect_eq(reader_finish(&reader), -EBADMSG);
}

Test(cursor, nothing_is_a_whole_message_of_nothing) {
  struct reader reader = reader_over(NULL, 0);
  cr_expect_eq(reader_finish(&reader), 0);
  cr_expect_eq(read_u8(&reader), 0);
  cr_expect_eq(reader_finish(&reader), -EBADMSG);
}

Test(cursor, a_truth_is_one_or_zero) {
  const uint8_t bytes[] = {0, 1, 2};
  struct reader reader = reader_over(bytes, sizeof bytes);
  cr_expect_not(read_bool(&reader));
  cr_expect(read_bool(&reader));
  cr_expect_not(read_bool(&reader));
  cr_expect(reader.bad);
}

struct bad_text {
  const char *bytes;
  size_t length;
};

Test(cursor, texts_that_do_not_fit_or_hold_a_zero_are_refused) {
  static const struct bad_text bad[] = {
      {"\4\0abcd", 6}, {"\3\0a\0c", 5}, {"\3\0ab", 4}, {"\1", 1}, {"\377\377a", 3}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct reader reader = reader_over(bad[i].bytes, bad[i].length);
    char text[4] = "old";
    cr_expect_eq(read_text(&reader, text, sizeof text), 0, "case %zu", i);
    cr_expect_str_eq(text, "", "case %zu", i);
    cr_expect_eq(reader_finish(&reader), -EBADMSG, "case %zu", i);
  }
}

Test(cursor, a_writer_stays_full_and_never_writes_beyond) {
  uint8_t bytes[8];
  memset(bytes, 0xaa, sizeof bytes);
  struct writer writer = writer_over(bytes, 6);
  write_u32(&writer, 1);
  write_u32(&writer, 2);
  write_u8(&writer, 3);
  cr_expect_eq(writer_finish(&writer), -ENOBUFS);
  cr_expect_eq(writer_length(&writer), 4);
  cr_expect_eq(bytes[4], 0xaa);
  cr_expect_eq(bytes[6], 0xaa);
  writer = writer_over(bytes, 3);
  write_u32(&writer, 1);
  cr_expect_eq(writer_finish(&writer), -ENOBUFS, "one byte is missing");
  cr_expect_eq(bytes[3], 0);
  writer = writer_over(bytes, 4);
  write_u32(&writer, 0x01010101);
  cr_expect_eq(writer_finish(&writer), 0);
}

Test(cursor, texts_longer_than_their_length_can_say_are_refused) {
  char *text = malloc(UINT16_MAX + 2);
  uint8_t *bytes = malloc(UINT16_MAX + 100);
  memset(text, 'a', UINT16_MAX + 1);
  text[UINT16_MAX + 1] = '\0';
  struct writer writer = writer_over(bytes, UINT16_MAX + 100);
  write_text(&writer, text);
  cr_expect_eq(writer_finish(&writer), -ENOBUFS);
  free(text);
  free(bytes);
}
