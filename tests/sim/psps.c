#include "psps.h"

#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY_S = 86400 };

static const char *const connectors[PSP_COUNT] = {"listing", "notifying", "querying", "keyless",
                                                  "lagging", "brief",     "slow"};

static struct psp psps[PSP_COUNT] = {
    [PSP_LISTING] = {.facts = {.name = "stripe",
                               .question = QUESTION_STATUS,
                               .movement_question = QUESTION_STATUS,
                               .absent_is_proof = true,
                               .movement_absent_is_proof = true,
                               .received_is_asked = true,
                               .several_captures = true,
                               .voids_rest = true,
                               .settling_ms = 2 * MINUTE,
                               .key_lifetime_s = DAY_S},
                     .stores_errors = true,
                     .tells = 70,
                     .lag_ms = MINUTE,
                     .travel_ms = MINUTE},
    [PSP_NOTIFYING] = {.facts = {.name = "adyen",
                                 .question = QUESTION_REPLAY,
                                 .movement_question = QUESTION_REPLAY,
                                 .settling_ms = 2 * MINUTE,
                                 .key_lifetime_s = 7 * DAY_S},
                       .stores_errors = true,
                       .receives = true,
                       .tells = 100,
                       .signs_no_code = true,
                       .lag_ms = MINUTE,
                       .travel_ms = MINUTE},
    [PSP_QUERYING] = {.facts = {.name = "checkout",
                                .question = QUESTION_STATUS,
                                .movement_question = QUESTION_STATUS,
                                .absent_is_proof = true,
                                .movement_absent_is_proof = true,
                                .received_is_asked = true,
                                .several_captures = true,
                                .voids_rest = true,
                                .settling_ms = 2 * MINUTE,
                                .key_lifetime_s = DAY_S},
                      .receives = true,
                      .tells = 70,
                      .lag_ms = MINUTE,
                      .travel_ms = MINUTE},
    [PSP_KEYLESS] = {.facts = {.name = "keyless",
                               .question = QUESTION_STATUS,
                               .movement_question = QUESTION_STATUS,
                               .absent_is_proof = true,
                               .movement_absent_is_proof = true,
                               .several_captures = true,
                               .settling_ms = 2 * MINUTE},
                     .lag_ms = MINUTE,
                     .travel_ms = MINUTE},
    [PSP_LAGGING] = {.facts = {.name = "lagging",
                               .question = QUESTION_STATUS,
                               .movement_question = QUESTION_STATUS,
                               .several_captures = true,
                               .voids_rest = true,
                               .settling_ms = 2 * MINUTE,
                               .key_lifetime_s = DAY_S},
                     .stores_errors = true,
                     .tells = 30,
                     .lag_ms = HOUR,
                     .travel_ms = MINUTE},
    [PSP_BRIEF] = {.facts = {.name = "brief",
                             .question = QUESTION_REPLAY,
                             .movement_question = QUESTION_REPLAY,
                             .several_captures = true,
                             .settling_ms = 2 * MINUTE,
                             .key_lifetime_s = 570} /* questions that back off come shortly before */,
                   .tells = 40,
                   .lag_ms = MINUTE,
                   .travel_ms = MINUTE},
    [PSP_SLOW] = {.facts = {.name = "slow",
                            .question = QUESTION_STATUS,
                            .movement_question = QUESTION_STATUS,
                            .absent_is_proof = true,
                            .movement_absent_is_proof = true,
                            .several_captures = true,
                            .settling_ms = HOUR,
                            .key_lifetime_s = DAY_S},
                  .lag_ms = 50 * MINUTE,
                  .travel_ms = 10 * MINUTE},
};

void psps_open(void) {
  for (unsigned i = 0; i < PSP_COUNT; i++) {
    for (unsigned j = 1; j < OPERATION_COUNT; j++)
      psps[i].facts.operations[j] = true;
    psps[i].facts.operations[OPERATION_STATUS] = psps[i].facts.question == QUESTION_STATUS;
  }
}

const struct psp *psp_at(unsigned psp) {
  return &psps[psp];
}

const char *psp_connector(unsigned psp) {
  return connectors[psp];
}

unsigned psp_named(const char *connector) {
  unsigned psp = 0;
  while (psp < PSP_COUNT && strcmp(connectors[psp], connector) != 0)
    psp++;
  return psp;
}

const struct sheet_facts *psp_sheet(void *context, const char *name, const uint8_t hash[SHEET_HASH_BYTES]) {
  (void)context;
  (void)hash;
  for (unsigned i = 0; i < PSP_COUNT; i++) {
    if (strcmp(psps[i].facts.name, name) == 0)
      return &psps[i].facts;
  }
  return NULL;
}
