/* Replays at once. */
#include "trials.h"
#include <criterion/criterion.h>
#include <string.h>

static struct id merchant_of(char letter) {
  struct id id = {"mer_01J9ZC8XK4T5V6W7X8Y9Z0ABC"};
  id.text[strlen(id.text)] = letter;
  return id;
}

Test(trials, no_merchant_holds_them_all) {
  struct trials trials = {0};
  struct trial_place places[TRIALS_MAX + 1];
  const struct id a = merchant_of('A'), b = merchant_of('B'), c = merchant_of('C');
  cr_expect(trials_enter(&trials, &places[0], &a));
  cr_expect(trials_enter(&trials, &places[1], &a));
  cr_assert_not(trials_enter(&trials, &places[2], &a));
  cr_expect(trials_enter(&trials, &places[2], &b));
  cr_expect(trials_enter(&trials, &places[3], &c));
  cr_expect_not(trials_enter(&trials, &places[4], &b), "there are %d", TRIALS_MAX);
  trials_leave(&trials, &places[1]);
  cr_expect(trials_enter(&trials, &places[4], &b));
  trials_leave(&trials, &places[4]);
  cr_expect(trials_enter(&trials, &places[1], &a), "the one that left counts no more");
}
