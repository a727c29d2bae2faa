/* The handlers of the route table, one file a resource. Inside this room only. */
#pragma once

#include "call.h"

/* payments.c */
void payments_create(struct call *call, const char *segment);
void payments_read(struct call *call, const char *segment);
void payments_capture(struct call *call, const char *segment);
void payments_void(struct call *call, const char *segment);
void payments_refund(struct call *call, const char *segment);
void payments_resolve(struct call *call, const char *segment);
/* The engine's answer to a call that waits under a ticket. */
void payments_answered(struct api *api, const struct request_answer *answer);
/* How an outcome other than REQUEST_DONE is answered. */
struct fault payments_fault(const struct api *api, enum request_outcome outcome);
/* payments_list.c */
void payments_list(struct call *call, const char *segment);
/* tokens.c */
enum { TOKEN_QUESTION_BYTES = 256 };
void tokens_read(struct call *call, const char *segment);
void tokens_update(struct call *call, const char *segment);
void tokens_delete(struct call *call, const char *segment);
/* connectors.c */
void connectors_list(struct call *call, const char *segment);
/* drills.c */
void drills_create(struct call *call, const char *segment);
void drills_read(struct call *call, const char *segment);
void drills_end(struct call *call, const char *segment);
/* policies.c */
void policies_create(struct call *call, const char *segment);
void policies_read(struct call *call, const char *segment);
void policies_list(struct call *call, const char *segment);
/* Answers with that policy once the round is committed. */
void policies_answer(struct call *call, unsigned status, const struct id *policy, bool replayed);
/* Whether the request was made before; then it is answered as then, or refused. */
bool policies_answered_before(struct call *call, const char *path, unsigned status);
/* publications.c */
void policies_publish(struct call *call, const char *segment);
void policies_rollback(struct call *call, const char *segment);
void policies_history(struct call *call, const char *segment);
/* policies_replay.c */
void policies_replay(struct call *call, const char *segment);
/* Drops a call's replay, if it has one. */
void trial_free(struct call *call);
/* route.c */
void route_ask(struct call *call, const char *segment);
/* events_list.c */
void events_list_read(struct call *call, const char *segment);
void events_read(struct call *call, const char *segment);
/* endpoints.c */
void endpoints_create(struct call *call, const char *segment);
void endpoints_list(struct call *call, const char *segment);
void endpoints_read(struct call *call, const char *segment);
void endpoints_update(struct call *call, const char *segment);
void endpoints_delete(struct call *call, const char *segment);
void endpoints_rotate(struct call *call, const char *segment);
/* dead_letters.c */
void dead_letters_list(struct call *call, const char *segment);
void dead_letters_redeliver(struct call *call, const char *segment);
/* authorization.c */
void authorization_read(struct call *call, const char *segment);
/* health.c */
void health_live(struct call *call, const char *segment);
void health_ready(struct call *call, const char *segment);
void health_metrics(struct call *call, const char *segment);
/* openapi.c */
void openapi_read(struct call *call, const char *segment);
