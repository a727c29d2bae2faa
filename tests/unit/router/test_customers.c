/* What a policy knows of a customer besides the request, and who a payment under an agreement belongs to. */
#include <criterion/criterion.h>
#include <string.h>

#include "payment_parts.h"
#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 1);
  world_publish(&world, "rule gold when customer.plan == \"gold\" route beta "
                        "rule north when customer.region == \"north\" route gamma "
                        "otherwise route alpha");
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(customers, .init = setup, .fini = teardown, .timeout = 60);

/* Ids go by time. */
static uint64_t pay(const struct payment_request *request) {
  world_advance(&world, 1);
  return world_pay(&world, request);
}

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static enum request_outcome outcome(uint64_t ticket) {
  const struct request_answer *answer = world_answer(&world, ticket);
  cr_assert(answer, "no answer to the ticket");
  return answer->outcome;
}

static void give(struct payment_request *request, unsigned place, const char *attribute) {
  enum request_field field = (enum request_field)(REQUEST_ATTRIBUTE_FIRST + place);
  cr_assert_eq(request_fields_set(&request->fields, field, attribute), 0);
}

/* Pays as that customer (empty: a new one) with those attributes (NULL: none); the customer. */
static struct id pay_as(struct id customer, const char *first, const char *second) {
  struct payment_request request = world_request(&world);
  request.customer = customer;
  if (first)
    give(&request, 0, first);
  if (second)
    give(&request, 1, second);
  pay(&request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  return newest()->customer;
}

static const char *rule_of(struct id customer) {
  (void)pay_as(customer, NULL, NULL);
  return newest()->decision.rule;
}

/* To the byte, from the record as the ledger keeps it (P6). */
static void expect_again(const struct payment *payment) {
  struct decision again = payment->decision;
  struct request_fields inputs;
  struct policy_record record;
  struct policy_error error;
  struct policy *policy;
  uint8_t before[DECISION_BYTES_MAX], after[DECISION_BYTES_MAX];
  struct writer first = writer_over(before, sizeof before), second = writer_over(after, sizeof after);
  cr_assert_eq(ledger_policy_get(world.ledger, &world.merchant, &payment->decision.policy, &record), 0);
  cr_assert_eq(policy_parse(record.text, record.text_length, &policy, &error), 0);
  cr_assert_eq(payment_inputs(payment, &inputs), 0);
  memset(again.candidates, 0, sizeof again.candidates);
  strcpy(again.rule, "nothing");
  decide_again(policy, payment, &inputs, &again);
  write_decision(&first, &payment->decision);
  write_decision(&second, &again);
  cr_assert_eq(writer_length(&first), writer_length(&second));
  cr_assert_arr_eq(before, after, writer_length(&first));
  policy_free(policy);
}

static void expect_decided_again(void) {
  expect_again(newest());
}

static bool in_customers(const char *text) {
  struct view key = {0}, value;
  int r = store_next(world.store, LEDGER_CUSTOMERS, NULL, 0, true, &key, &value);
  for (; r == 0; r = store_next(world.store, LEDGER_CUSTOMERS, key.bytes, key.length, false, &key, &value))
    if (memmem(value.bytes, value.length, text, strlen(text)))
      return true;
  return false;
}

static const struct id nobody;

Test(customers, attributes_hold_for_later_payments) {
  struct id gold = pay_as(nobody, "plan=gold", NULL);
  cr_assert_neq(gold.text[0], '\0', "who has attributes is a customer");
  cr_assert_str_eq(newest()->decision.rule, "gold");
  cr_assert_str_eq(rule_of(nobody), "otherwise");
  cr_assert_str_eq(rule_of(gold), "gold");
  cr_assert(id_equal(&newest()->customer, &gold));
  expect_decided_again();
  world_restart(&world);
  cr_assert_str_eq(rule_of(gold), "gold");
  cr_assert_not(in_customers("gold"), "the record is sealed");
  cr_assert(world_journal_agrees(&world));
}

Test(customers, what_a_request_gives_stands_and_is_kept) {
  struct id customer = pay_as(nobody, "plan=gold", "region=north");
  (void)pay_as(customer, "plan=silver", NULL);
  cr_assert_str_eq(newest()->decision.rule, "north");
  cr_assert_str_eq(rule_of(customer), "north");
  (void)pay_as(customer, "region=south", NULL);
  cr_assert_str_eq(newest()->decision.rule, "otherwise");
  cr_assert_str_eq(rule_of(customer), "otherwise");
  (void)pay_as(customer, "plan=gold", NULL);
  cr_assert_str_eq(rule_of(customer), "gold");
}

Test(customers, an_earlier_decision_stands_on_what_was_known_then) {
  struct id customer = pay_as(nobody, "plan=gold", NULL);
  (void)rule_of(customer);
  struct id earlier = newest()->id;
  (void)pay_as(customer, "plan=silver", NULL);
  cr_assert_str_eq(newest()->decision.rule, "otherwise");
  cr_assert_str_eq(world_payment(&world, &earlier)->decision.rule, "gold");
  expect_again(world_payment(&world, &earlier));
}

Test(customers, attributes_are_eight_at_most_together) {
  struct payment_request request = world_request(&world);
  char attribute[] = "name0=x";
  for (unsigned i = 0; i < ATTRIBUTES_MAX; i++, attribute[4]++)
    give(&request, i, attribute);
  pay(&request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct id customer = newest()->customer;
  request = world_request(&world);
  request.customer = customer;
  give(&request, 0, "name0=y");
  pay(&request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  request = world_request(&world);
  request.customer = customer;
  give(&request, 0, "further=x");
  cr_assert_eq(outcome(pay(&request)), REQUEST_FIELDS_TOO_LARGE);
}

Test(customers, attributes_never_leave) {
  struct id customer = pay_as(nobody, "plan=gold", NULL);
  struct payment_request request = world_request(&world);
  request.customer = customer;
  pay(&request);
  const struct request_fields *sent = &world_outstanding(&world)->dispatch.fields;
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; i < REQUEST_FINAL; i++)
    cr_assert_null(request_fields_get(sent, (enum request_field)i));
  cr_assert_str_eq(request_fields_get(sent, REQUEST_CUSTOMER_ID), customer.text);
}

/* ---- Under an agreement ---- */

/* Opens one as that customer. */
static struct id open_agreement(struct id customer) {
  struct payment_request request = world_request(&world);
  request.customer = customer;
  request.store = STORE_OFF_SESSION;
  pay(&request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  return newest()->agreement_opened;
}

static struct payment_request renewal(struct id agreement) {
  struct payment_request request = world_request(&world);
  request.kind = KIND_RECURRING;
  request.agreement = agreement;
  return request;
}

static void renew(struct id agreement) {
  struct payment_request request = renewal(agreement);
  pay(&request);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

Test(customers, a_payment_under_an_agreement_is_its_customers) {
  struct id customer = pay_as(nobody, "plan=gold", NULL);
  struct id agreement = open_agreement(customer);
  renew(agreement);
  cr_assert(id_equal(&newest()->customer, &customer));
  cr_assert_str_eq(newest()->decision.rule, "gold");
  expect_decided_again();
  cr_assert(world_journal_agrees(&world));
}

Test(customers, its_split_is_that_of_its_customer) {
  world_publish(&world, "otherwise split alpha 50%, beta 50% by customer");
  for (unsigned i = 0; i < 12; i++) {
    struct id customer = pay_as(nobody, "plan=x", NULL);
    struct id agreement = open_agreement(customer);
    uint16_t share = newest()->decision.share;
    renew(agreement);
    cr_assert_eq(newest()->decision.share, share);
    expect_decided_again();
  }
}

Test(customers, an_agreement_of_nobody_passes_nobody_on) {
  renew(open_agreement(nobody));
  cr_assert_eq(newest()->customer.text[0], '\0');
}

Test(customers, who_pays_under_anothers_agreement_is_refused) {
  struct id agreement = open_agreement(pay_as(nobody, "plan=gold", NULL));
  struct id other = pay_as(nobody, "plan=silver", NULL);
  struct payment_request request = renewal(agreement);
  request.customer = other;
  cr_assert_eq(outcome(pay(&request)), REQUEST_AGREEMENT_UNKNOWN);
}

Test(customers, of_an_erased_one_nothing_is_known) {
  struct id customer = pay_as(nobody, "plan=gold", NULL);
  struct id agreement = open_agreement(customer);
  cr_assert_eq(ledger_customer_erase(world.ledger, &world.merchant, &customer), 0);
  renew(agreement);
  cr_assert_eq(newest()->customer.text[0], '\0');
  cr_assert_str_eq(newest()->decision.rule, "otherwise");
  struct payment_request request = renewal(agreement);
  request.customer = customer;
  cr_assert_eq(outcome(pay(&request)), REQUEST_CUSTOMER_UNKNOWN);
}

/* ---- Asked without charging ---- */

static enum request_outcome ask(const struct payment_request *request, struct payment **ret_payment) {
  struct route_question question = {.request = request};
  *ret_payment = payment_new();
  return engine_route(world.engine, world.now_ms, &question, *ret_payment);
}

Test(customers, a_question_knows_what_the_payment_would_know) {
  struct id customer = pay_as(nobody, "plan=gold", NULL);
  struct payment_request request = renewal(open_agreement(customer));
  struct payment *asked;
  cr_assert_eq(ask(&request, &asked), REQUEST_DONE);
  cr_assert_str_eq(asked->decision.rule, "gold");
  cr_assert(id_equal(&asked->customer, &customer));
  payment_free(asked);
  request = world_request(&world);
  request.customer = draw_id(&world.draws, "cus", world.now_ms);
  cr_assert_eq(ask(&request, &asked), REQUEST_CUSTOMER_UNKNOWN);
  payment_free(asked);
  request = renewal(draw_id(&world.draws, "agr", world.now_ms));
  cr_assert_eq(ask(&request, &asked), REQUEST_AGREEMENT_UNKNOWN);
  payment_free(asked);
}

Test(customers, a_question_writes_nothing) {
  struct payment_request request = world_request(&world);
  struct payment *asked;
  give(&request, 0, "plan=gold");
  cr_assert_eq(ask(&request, &asked), REQUEST_DONE);
  struct id customer = asked->customer;
  payment_free(asked);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(ledger_customer_find(world.ledger, &world.merchant, &customer), LEDGER_ABSENT);
}

/* ---- Where no connector can be tried ---- */

static void disable_all(void) {
  static const char *const names[] = {"alpha", "beta", "gamma"};
  struct connector_facts facts[3] = {0};
  for (unsigned i = 0; i < 3; i++) {
    strcpy(facts[i].name, names[i]);
    facts[i].status = i == 1 ? CONNECTOR_DRAINING : CONNECTOR_DISABLED;
  }
  engine_on_connectors(world.engine, world.now_ms, facts, 3);
  world_publish(&world, "otherwise route beta, alpha");
}

Test(customers, a_refusal_names_each_connector_and_its_reason) {
  disable_all();
  struct payment_request request = world_request(&world);
  cr_assert_eq(outcome(pay(&request)), REQUEST_NO_CONNECTOR);
  cr_assert_eq(world.passed_over.count, 2);
  cr_assert_str_eq(world.passed_over.candidates[0].connector, "beta");
  cr_assert_eq(world.passed_over.candidates[0].skipped, SKIP_DRAINING);
  cr_assert_eq(world.passed_over.candidates[1].skipped, SKIP_DISABLED);
}

Test(customers, a_question_is_answered_with_the_reasons) {
  disable_all();
  struct payment_request request = world_request(&world);
  struct payment *asked;
  cr_assert_eq(ask(&request, &asked), REQUEST_DONE);
  cr_assert_eq(asked->decision.candidate_count, 2);
  cr_assert_eq(asked->decision.candidates[0].skipped, SKIP_DRAINING);
  cr_assert_eq(asked->decision.candidates[1].skipped, SKIP_DISABLED);
  payment_free(asked);
}
