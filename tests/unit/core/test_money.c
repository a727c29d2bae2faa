#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "countries.h"
#include "money.h"

Test(money, exponents) {
  cr_expect_eq(currency_exponent("USD"), 2);
  cr_expect_eq(currency_exponent("JPY"), 0);
  cr_expect_eq(currency_exponent("KWD"), 3);
  cr_expect_eq(currency_exponent("ISK"), 0);
  cr_expect_eq(currency_exponent("AED"), 2, "the first");
  cr_expect_eq(currency_exponent("ZWG"), 2, "the last");
}

Test(money, what_is_no_currency_of_payments_is_unknown) {
  static const char *const unknown[] = {"",    "US",  "USDX", "usd", "XAU", "XXX",  "XTS", "CLF",
                                        "CHE", "DEM", "HRK",  "ZZZ", "AAA", "U\0D", "XDR"};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    cr_expect_not(currency_known(unknown[i]), "%s", unknown[i]);
    cr_expect_eq(currency_exponent(unknown[i]), -EINVAL, "%s", unknown[i]);
  }
}

Test(money, sums_are_checked) {
  int64_t result = 7;
  cr_expect_eq(amount_add(INT64_MAX, 1, &result), -EOVERFLOW);
  cr_expect_eq(amount_subtract(INT64_MIN, 1, &result), -EOVERFLOW);
  cr_expect_eq(result, 7);
  cr_expect_eq(amount_add(INT64_MAX - 1, 1, &result), 0);
  cr_expect_eq(result, INT64_MAX);
  cr_expect_eq(amount_subtract(5, 8, &result), 0);
  cr_expect_eq(result, -3);
}

Test(money, rescaling_never_rounds) {
  int64_t result = 7;
  cr_expect_eq(amount_rescale(123, 0, 2, &result), 0);
  cr_expect_eq(result, 12300);
  cr_expect_eq(amount_rescale(12300, 2, 0, &result), 0);
  cr_expect_eq(result, 123);
  cr_expect_eq(amount_rescale(-12300, 2, 1, &result), 0);
  cr_expect_eq(result, -1230);
  cr_expect_eq(amount_rescale(INT64_MAX, 2, 2, &result), 0);
  result = 7;
  cr_expect_eq(amount_rescale(12301, 2, 0, &result), -ERANGE);
  cr_expect_eq(amount_rescale(INT64_MAX / 10 + 1, 0, 1, &result), -EOVERFLOW);
  cr_expect_eq(amount_rescale(INT64_MIN / 10 - 1, 0, 1, &result), -EOVERFLOW);
  cr_expect_eq(amount_rescale(1, -1, 2, &result), -ERANGE);
  cr_expect_eq(amount_rescale(1, 0, 5, &result), -ERANGE);
  cr_expect_eq(result, 7);
}

/* ISO 4217's list one: entity (quoted where it has a comma), currency, code, number, minor unit, withdrawal.
 */
static bool not_for_payments(const char *code) {
  static const char list[] = "BOV CHE CHW CLF COU MXV USN UYI UYW XAD";
  return strstr(list, code) != NULL;
}

static void compare_line(char *line, unsigned *known) {
  char *fields[8] = {line};
  size_t count = 1;
  bool quoted = false;
  for (char *at = line; *at && *at != '\n' && *at != '\r'; at++) {
    quoted ^= *at == '"';
    if (*at == ',' && !quoted && count < 8) {
      *at = '\0';
      fields[count++] = at + 1;
    }
  }
  cr_assert_eq(count, 6);
  const char *code = fields[2], *minor = fields[4];
  bool active = fields[5][0] == '\0' || fields[5][0] == '\n' || fields[5][0] == '\r';
  if (strlen(code) != 3 || !active)
    return;
  bool payable = minor[0] >= '0' && minor[0] <= '9' && !not_for_payments(code);
  cr_expect_eq(currency_known(code), payable, "%s", code);
  if (payable)
    cr_expect_eq(currency_exponent(code), minor[0] - '0', "%s", code);
  *known += payable;
}

Test(money, the_table_is_that_of_iso_4217) {
  FILE *csv = fopen(ISO_CURRENCIES, "r");
  if (!csv)
    cr_skip_test("../shared/iso/iso4217_codes-all.csv is absent");
  char line[512];
  unsigned known = 0;
  cr_assert_not_null(fgets(line, sizeof line, csv));
  while (fgets(line, sizeof line, csv))
    compare_line(line, &known);
  fclose(csv);
  cr_expect_gt(known, 200);
}

Test(countries, two_capital_letters_of_the_list) {
  cr_expect(country_known("US"));
  cr_expect(country_known("AD"));
  cr_expect(country_known("ZW"));
  static const char *const unknown[] = {"", "U", "us", "USA", "XX", "UK", "EU", "Us", "\xc3\xa9", "@A"};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
    cr_expect_not(country_known(unknown[i]), "%s", unknown[i]);
  cr_expect_not(country_known((const char[]){'U', '\0', '\0'}));
  unsigned count = 0;
  for (char first = 'A'; first <= 'Z'; first++) {
    for (char second = 'A'; second <= 'Z'; second++)
      count += country_known((const char[]){first, second, '\0'});
  }
  cr_expect_eq(count, 249);
}

Test(countries, the_table_is_that_of_iso_3166) {
  FILE *pipe = access(ISO_COUNTRIES, R_OK) != 0
                   ? NULL
                   : popen("python3 -c 'import csv; [print(r[\"ISO3166-1-Alpha-2\"]) for r in "
                           "csv.DictReader(open(\"" ISO_COUNTRIES "\")) if r[\"ISO3166-1-Alpha-2\"]]'",
                           "r");
  if (!pipe)
    cr_skip_test("../shared/iso/country-codes.csv is absent");
  char line[16];
  unsigned count = 0;
  while (fgets(line, sizeof line, pipe)) {
    line[strcspn(line, "\n")] = '\0';
    cr_expect(country_known(line), "%s", line);
    count++;
  }
  pclose(pipe);
  cr_expect_eq(count, 249);
}
