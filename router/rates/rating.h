/* What counts in an approval rate: pure, of a payment as it stands. */
#pragma once

#include "payment.h"

enum attempt_rating {
  RATING_OPEN,      /* it has not ended */
  RATING_UNREACHED, /* it ended without an issuer's word */
  RATING_DECLINED,  /* an issuer said no, or the shopper did not authenticate to it */
  RATING_APPROVED
};

enum attempt_rating attempt_rating(const struct payment *payment, const struct attempt *attempt);
