/* POST /v1/policies/{id}/replay: what a draft would have done with the payments of the past days. */
#include "bodies.h"
#include "policy_cache.h"
#include "replay.h"
#include "resources.h"
#include "routing.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_PAYMENTS = 100 /* looked at before others have their turn */ };

#define DAY_MS (24LL * 3600 * 1000)

/* A replay under way. */
struct policy_trial {
  struct trial_place place;
  const struct policy *policy; /* of the cache */
  struct replay *replay;
  int64_t from_ms, to_ms;
};

void trial_free(struct call *call) {
  if (call->trial == NULL)
    return;
  trials_leave(&call->api->trials, &call->trial->place);
  replay_free(call->trial->replay);
  policy_cache_return(engine_policies(call->api->engine), call->trial->policy);
  free(call->trial);
  call->trial = NULL;
}

/* ---- The answer ---- */

static void render_rate(struct json_out *out, const char *name, const struct replay_rate *rate) {
  if (!rate->known) {
    out_null(out, name);
    return;
  }
  out_open(out, name);
  out_thousandths(out, "rate", rate->rate);
  out_thousandths(out, "low", rate->low);
  out_thousandths(out, "high", rate->high);
  out_integer(out, "sample", rate->sample);
  out_close(out);
}

static void render_approval(struct json_out *out, const struct replay_rate *before,
                            const struct replay_rate *after) {
  out_open(out, "approval");
  render_rate(out, "before", before);
  render_rate(out, "after", after);
  out_close(out);
}

static void render_pair(struct json_out *out, const struct replay_pair *pair) {
  out_open(out, NULL);
  out_text(out, "from", pair->from);
  out_text(out, "to", pair->to);
  out_integer(out, "payments", pair->payments);
  render_approval(out, &pair->before, &pair->after);
  out_open_list(out, "examples");
  for (uint8_t i = 0; i < pair->example_count; i++)
    out_text(out, NULL, pair->examples[i].text);
  out_close_list(out);
  out_close(out);
}

/* Millionths as thousandths, to the nearest. */
static int64_t thousandths_of(int32_t millionths) {
  return (millionths + (millionths < 0 ? -500 : 500)) / 1000;
}

/* What a rule that is only advice would have gained in approval, in shares of the payments it advised. */
static void render_advised(struct json_out *out, const struct policy *policy,
                           const struct advised_rule *advised) {
  struct choice_gain gain;
  out_open(out, NULL);
  out_text(out, "rule", policy_rule_name(policy, advised->rule));
  out_integer(out, "payments", (int64_t)advised->sums.payments);
  out_integer(out, "differing", (int64_t)advised->sums.differing);
  out_integer(out, "unseen", (int64_t)advised->sums.unseen);
  if (choice_advice_gain(&advised->sums, &gain) == 0) {
    out_open(out, "gain");
    out_thousandths(out, "gain", thousandths_of(gain.gain));
    out_thousandths(out, "low", thousandths_of(gain.low));
    out_thousandths(out, "high", thousandths_of(gain.high));
    out_close(out);
  } else
    out_null(out, "gain");
  out_close(out);
}

static void render_advice(struct json_out *out, const struct policy_trial *trial,
                          const struct advice_counts *advice) {
  out_open_list(out, "advice");
  for (unsigned i = 0; i < advice->count; i++)
    render_advised(out, trial->policy, &advice->rules[i]);
  out_close_list(out);
}

/* In minor units of the currency. */
static void render_figure(struct json_out *out, const char *name, const struct replay_cost_figure *figure) {
  out_open(out, name);
  out_thousandths(out, "amount", figure->value);
  out_thousandths(out, "low", figure->low);
  if (figure->high >= 0)
    out_thousandths(out, "high", figure->high);
  else
    out_null(out, "high");
  out_close(out);
}

static void render_cost_side(struct json_out *out, const char *name, const struct replay_cost_side *side) {
  if (!side->known) {
    out_null(out, name);
    return;
  }
  out_open(out, name);
  render_figure(out, "per_approved", &side->each);
  render_figure(out, "total", &side->together);
  out_close(out);
}

static void render_costs(struct json_out *out, const struct replay_figures *figures) {
  out_open_list(out, "cost");
  for (unsigned i = 0; i < figures->cost_count; i++) {
    out_open(out, NULL);
    out_text(out, "currency", figures->costs[i].currency);
    out_integer(out, "payments", figures->costs[i].payments);
    render_cost_side(out, "before", &figures->costs[i].before);
    render_cost_side(out, "after", &figures->costs[i].after);
    out_close(out);
  }
  out_close_list(out);
  out_integer(out, "without_fees", figures->without_fees);
}

/* What was left out. */
static void note_gaps(struct json_out *out, const struct replay_figures *figures) {
  if (figures->cut_off)
    out_text(out, NULL, "There are more payments than are looked at: the oldest were left out.");
  if (figures->without_room)
    out_text(out, NULL, "There are more kinds of payments than fit: the newest payments were left out.");
  if (figures->damaged > 0)
    out_text(out, NULL, "The records of some payments are damaged: these were left out.");
}

/* What was put in place of what was known then. */
static void note_premises(struct json_out *out, const struct replay_figures *figures) {
  bool anew = figures->compared > figures->own;
  if (anew)
    out_text(out, NULL,
             "Which connectors can take a payment was decided by what is registered, and by the accounts, of "
             "today; `unusable` counts payments that a connector of their list cannot take.");
  if (figures->assumed > 0)
    out_text(out, NULL,
             "Some payments would go first to a connector whose health at that time is not recorded with "
             "them: it was taken as healthy.");
  if (figures->learned && anew)
    out_text(
        out, NULL,
        "Rules with `best of` and `cheapest of` were decided by what this merchant's payments had taught "
        "until then, from a day before these days on, and by the fees that are known now.");
  if (figures->learned && figures->own > 0)
    out_text(out, NULL,
             "Payments that this very policy decided keep the choices that `best of` and `cheapest of` made "
             "then.");
}

static void note_unknowns(struct json_out *out, const struct replay_figures *figures) {
  if (figures->without_windows > 0)
    out_text(out, NULL,
             "For some payments card.attempts or card.spend was not recorded: it was taken as not known.");
  if (figures->without_zones > 0)
    out_text(out, NULL, "A time zone is not known here: its facts were taken as not known.");
  if (figures->without_history > 0)
    out_text(
        out, NULL,
        "Some payments would go to a connector that was not tried first in these days: nothing is known of "
        "it, and `after` is without them.");
}

static void render_notes(struct json_out *out, const struct replay_figures *figures) {
  out_open_list(out, "notes");
  note_gaps(out, figures);
  note_premises(out, figures);
  note_unknowns(out, figures);
  out_text(
      out, NULL,
      "Which payments a connector got was decided by rules, not by lot: rates compare what is comparable "
      "by network, funding and country, and prove nothing.");
  out_close_list(out);
}

static void render_answer(struct json_out *out, const struct call *call) {
  const struct policy_trial *trial = call->trial;
  const struct replay_figures *figures = replay_figures(trial->replay);
  out_open(out, NULL);
  out_text(out, "object", "policy_replay");
  out_flag(out, "livemode", call->from.livemode);
  out_text(out, "policy", call->object.text);
  out_time(out, "from", trial->from_ms);
  out_time(out, "to", trial->to_ms);
  out_integer(out, "looked_at", figures->looked_at);
  out_time(out, "oldest", figures->oldest_ms);
  out_flag(out, "cut_off", figures->cut_off);
  out_integer(out, "by_request", figures->by_request);
  out_integer(out, "compared", figures->compared);
  out_integer(out, "first_differs", figures->first_differs);
  out_integer(out, "list_differs", figures->list_differs);
  out_integer(out, "unusable", figures->unusable);
  out_integer(out, "assumed_healthy", figures->assumed);
  out_integer(out, "damaged", figures->damaged);
  out_integer(out, "without_history", figures->without_history);
  render_approval(out, &figures->before, &figures->after);
  render_costs(out, figures);
  out_open_list(out, "moves");
  for (unsigned i = 0; i < figures->pair_count; i++)
    render_pair(out, &figures->pairs[i]);
  out_close_list(out);
  render_advice(out, trial, &figures->advice);
  render_notes(out, figures);
  out_close(out);
}

/* ---- Turn by turn ---- */

static void take_turn(struct call *call, bool may_go_on) {
  struct json_out out = {0};
  if (!may_go_on) {
    struct fault fault = fault_passing("busy", "The router is being stopped; nothing was done.");
    call_refuse(call, &fault);
    return;
  }
  int result = replay_step(call->trial->replay, TURN_PAYMENTS);
  if (result == REPLAY_MORE) {
    call_wait_turn(call, take_turn);
  } else if (result < 0) {
    call_refuse(call, &fault_storage);
  } else {
    render_answer(&out, call);
    call_answer(call, 200, &out);
  }
}

/* Gives the call a trial, of nothing as yet. Returns 0, -EBUSY or -ENOMEM. */
static int enter_trial(struct call *call) {
  struct policy_trial *trial = calloc(1, sizeof *trial);
  if (trial == NULL)
    return -ENOMEM;
  if (!trials_enter(&call->api->trials, &trial->place, &call->from.merchant)) {
    free(trial);
    return -EBUSY;
  }
  call->trial = trial;
  return 0;
}

static int begin_replay(const struct call *call, struct policy_trial *trial) {
  const struct api *api = call->api;
  const struct replay_options options = {.ledger = api->options.ledger,
                                         .zone_offset = api->options.zone_offset,
                                         .merchant = call->from.merchant,
                                         .engine = api->engine,
                                         .policy = trial->policy,
                                         .policies = engine_policies(api->engine),
                                         .fees = api->options.fees,
                                         .from_ms = trial->from_ms};
  return replay_new(&options, &trial->replay);
}

/* Returns 0 with the trial that call holds from then on; LEDGER_ABSENT; or a negated errno, -EBUSY when there
 * are too many. */
static int begin_trial(struct call *call, const struct id *policy, int64_t days) {
  struct policy_record record;
  struct policy_error error;
  int result = ledger_policy_get(call->api->options.ledger, &call->from.merchant, policy, &record);
  if (result == 0)
    result = enter_trial(call);
  if (result != 0)
    return result;
  struct policy_trial *trial = call->trial;
  trial->to_ms = api_now_ms(call->api);
  trial->from_ms = trial->to_ms - days * DAY_MS;
  result = policy_cache_take(engine_policies(call->api->engine), record.text, record.text_length,
                             &trial->policy, NULL, &error);
  if (result != 0)
    return result > 0 ? -EBADMSG : result;
  return begin_replay(call, trial);
}

static void refuse_trial(struct call *call, int result) {
  const struct fault busy = fault_passing("busy", "Other replays are under way.");
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else
    call_refuse(call, result == -EBUSY ? &busy : &fault_storage);
}

void policies_replay(struct call *call, const char *segment) {
  struct fault fault;
  int64_t days;
  if (id_parse("pol", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  strcpy(call->object.text, segment);
  if (parse_replay(call->http->body, call->http->body_length, &days, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  int result = begin_trial(call, &call->object, days);
  if (result == 0)
    call_wait_turn(call, take_turn);
  else
    refuse_trial(call, result);
}
