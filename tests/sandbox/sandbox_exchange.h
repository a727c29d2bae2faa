/* What becomes of a request: the PSP's answer, or what its behaviour makes of it. */
#pragma once

#include "sandbox_psp.h"

enum fate {
  FATE_ANSWER,
  FATE_RESET,  /* the connection is reset without a byte */
  FATE_HANG,   /* no answer ever */
  FATE_GARBAGE /* bytes that are no answer, then the end */
};

struct verdict_on_request {
  enum fate fate;
  uint32_t latency_ms;
};

/* Serves one request to connector name, whose path is given without the name. The answer is filled in where
 * the fate is FATE_ANSWER. */
struct verdict_on_request exchange_run(struct books *books, struct book *book, struct request *request,
                                       const char *path, int64_t now_ms, struct psp_answer *answer);
