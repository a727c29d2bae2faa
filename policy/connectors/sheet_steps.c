/* Operations and questions: their steps. */
#include "sheet_builder.h"
#include <errno.h>
#include <string.h>

static bool is_method(const char *text) {
  return strcmp(text, "GET") == 0 || strcmp(text, "POST") == 0 || strcmp(text, "PUT") == 0 ||
         strcmp(text, "DELETE") == 0;
}

static int build_request_line(struct builder *builder, const struct yaml_node *map, struct step *step) {
  const struct yaml_node *method = yaml_member(map, "method"), *path = yaml_member(map, "path");
  if (method == NULL || path == NULL)
    return builder_refuse(builder, map->line, "a step has a method and a path");
  int error = builder_text(builder, method, &step->method);
  if (error == 0 && !is_method(step->method))
    error = builder_refuse(builder, method->line, "no such method");
  if (error == 0)
    error = build_template(builder, path, &step->path);
  if (error == 0 && path->text[0] != '/')
    error = builder_refuse(builder, path->line, "a path begins with /");
  return error;
}

static int build_body(struct builder *builder, const struct yaml_node *map, struct step *step) {
  const struct yaml_node *json = yaml_member(map, "json"), *form = yaml_member(map, "form");
  if (json != NULL && form != NULL)
    return builder_refuse(builder, form->line, "a body is json or form");
  if (json == NULL && form == NULL)
    return 0;
  step->format = json != NULL ? BODY_JSON : BODY_FORM;
  struct node *body = NULL;
  int error = build_object(builder, json != NULL ? json : form, &body);
  step->body = body;
  return error;
}

static int build_step_answer(struct builder *builder, const struct yaml_node *map, struct step *step) {
  const struct yaml_node *answer = yaml_member(map, "answer");
  const char *name = NULL;
  if (answer == NULL)
    return builder_refuse(builder, map->line, "a step without an answer");
  int error = builder_text(builder, answer, &name);
  if (error != 0)
    return error;
  step->answer = builder_answer(builder, name);
  return step->answer != NULL ? 0 : builder_refuse(builder, answer->line, "no such answer");
}

/* {method, path, query, json | form, charging, when, answer} */
static int build_step(struct builder *builder, const struct yaml_node *map, struct step *step) {
  static const char *const keys[] = {"method",   "path", "query",  "json", "form",
                                     "charging", "when", "answer", NULL};
  step->line = map->line;
  int error = builder_keys(builder, map, keys);
  if (error == 0)
    error = build_request_line(builder, map, step);
  const struct yaml_node *query = yaml_member(map, "query");
  struct node *fields = NULL;
  if (error == 0 && query != NULL)
    error = build_object(builder, query, &fields);
  step->query = fields;
  if (error == 0)
    error = build_body(builder, map, step);
  const struct yaml_node *charging = yaml_member(map, "charging");
  if (error == 0 && charging != NULL)
    error = builder_flag(builder, charging, &step->charging);
  const struct yaml_node *when = yaml_member(map, "when");
  if (error == 0 && when != NULL)
    error = build_conditions(builder, when, &step->when);
  if (error == 0)
    error = build_step_answer(builder, map, step);
  return error;
}

static int build_steps(struct builder *builder, const struct yaml_node *list, struct operation_plan *plan) {
  int error = builder_list(builder, list);
  plan->line = list->line;
  const struct step **tail = &plan->steps;
  uint8_t number = 0;
  for (const struct yaml_node *node = list->child; error == 0 && node != NULL; node = node->next) {
    if (number == SHEET_STEPS_MAX)
      return builder_refuse(builder, node->line, "too many steps");
    struct step *step = builder_take(builder, sizeof *step);
    if (step == NULL)
      return -ENOMEM;
    step->number = ++number;
    error = build_step(builder, node, step);
    *tail = step;
    tail = &step->next;
  }
  if (error == 0 && plan->steps == NULL)
    error = builder_refuse(builder, list->line, "an operation without a step");
  return error;
}

int build_operations(struct builder *builder, const struct yaml_node *node) {
  int error = builder_map(builder, node);
  for (const struct yaml_node *child = node->child; error == 0 && child != NULL; child = child->next) {
    enum operation operation = operation_from_name(child->key);
    if (operation == 0)
      return builder_refuse(builder, child->line, "no such operation");
    if (operation == OPERATION_STATUS)
      return builder_refuse(builder, child->line, "status is described under questions");
    error = build_steps(builder, child, &builder->sheet->operations[operation]);
    builder->sheet->facts.operations[operation] = true;
  }
  return error;
}

static int build_ask(struct builder *builder, const struct yaml_node *node, enum question *ret_question) {
  static const char *const names[] = {
      [QUESTION_NONE] = "none", [QUESTION_STATUS] = "status", [QUESTION_REPLAY] = "replay"};
  const char *text = NULL;
  int error = builder_text(builder, node, &text);
  for (unsigned i = 0; error == 0 && i < sizeof names / sizeof names[0]; i++)
    if (strcmp(names[i], text) == 0) {
      *ret_question = (enum question)i;
      return 0;
    }
  return error != 0 ? error : builder_refuse(builder, node->line, "ask: status, replay or none");
}

static int build_optional_flag(struct builder *builder, const struct yaml_node *map, const char *key,
                               bool *ret_flag) {
  const struct yaml_node *node = yaml_member(map, key);
  return node == NULL ? 0 : builder_flag(builder, node, ret_flag);
}

/* {ask, absent_is_proof, received_is_asked} */
static int build_question(struct builder *builder, const struct yaml_node *map, enum question *ret_question,
                          bool *ret_proof, bool *ret_received) {
  static const char *const keys[] = {"ask", "absent_is_proof", "received_is_asked", NULL};
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *ask = yaml_member(map, "ask");
  if (error == 0 && ask == NULL)
    error = builder_refuse(builder, map->line, "ask: status, replay or none");
  if (error == 0)
    error = build_ask(builder, ask, ret_question);
  if (error == 0)
    error = build_optional_flag(builder, map, "absent_is_proof", ret_proof);
  if (error == 0)
    error = build_optional_flag(builder, map, "received_is_asked", ret_received);
  return error;
}

/* {operations: [...], steps: [...]} */
static int build_about(struct builder *builder, const struct yaml_node *map) {
  static const char *const keys[] = {"operations", "steps", NULL};
  int error = builder_keys(builder, map, keys);
  const struct yaml_node *operations = yaml_member(map, "operations"), *steps = yaml_member(map, "steps");
  if (error == 0 && (operations == NULL || steps == NULL))
    error = builder_refuse(builder, map->line, "a question has operations and steps");
  struct operation_plan plan = {0};
  const char **names = NULL;
  uint8_t count = 0;
  if (error == 0)
    error = build_steps(builder, steps, &plan);
  if (error == 0)
    error = builder_texts(builder, operations, OPERATION_COUNT, &count, &names);
  for (uint8_t i = 0; error == 0 && i < count; i++) {
    enum operation operation = operation_from_name(names[i]);
    if (operation == 0 || operation == OPERATION_STATUS)
      return builder_refuse(builder, operations->line, "no such operation");
    if (builder->sheet->questions[operation].steps != NULL)
      return builder_refuse(builder, operations->line, "two questions about one operation");
    builder->sheet->questions[operation] = plan;
    builder->sheet->facts.operations[OPERATION_STATUS] = true;
  }
  return error;
}

static int build_settling(struct builder *builder, const struct yaml_node *map) {
  const struct yaml_node *settling = yaml_member(map, "settling_ms");
  long milliseconds = 0;
  if (settling == NULL)
    return builder_refuse(builder, map->line, "settling_ms is missing");
  int error = builder_number(builder, settling, 1000, 86400000, &milliseconds);
  if (error == 0)
    builder->sheet->facts.settling_ms = (uint32_t)milliseconds;
  return error;
}

/* {first_ms, last_ms} */
static int build_schedule(struct builder *builder, const struct yaml_node *map) {
  static const char *const keys[] = {"first_ms", "last_ms", NULL};
  const struct yaml_node *first = yaml_member(map, "first_ms"), *last = yaml_member(map, "last_ms");
  long first_ms = 0, last_ms = 0;
  int error = builder_keys(builder, map, keys);
  if (error == 0 && (first == NULL || last == NULL))
    error = builder_refuse(builder, map->line, "a schedule has first_ms and last_ms");
  if (error == 0)
    error = builder_number(builder, first, 100, 3600000, &first_ms);
  if (error == 0)
    error = builder_number(builder, last, first_ms, 86400000, &last_ms);
  if (error == 0) {
    builder->sheet->facts.first_question_ms = (uint32_t)first_ms;
    builder->sheet->facts.last_question_ms = (uint32_t)last_ms;
  }
  return error;
}

/* {settling_ms, schedule, attempts, movements, about} */
int build_questions(struct builder *builder, const struct yaml_node *node) {
  static const char *const keys[] = {"settling_ms", "schedule", "attempts", "movements", "about", NULL};
  struct sheet_facts *facts = &builder->sheet->facts;
  int error = builder_keys(builder, node, keys);
  const struct yaml_node *attempts = yaml_member(node, "attempts"),
                         *movements = yaml_member(node, "movements");
  if (error == 0 && (attempts == NULL || movements == NULL))
    error = builder_refuse(builder, node->line, "how attempts and movements are asked about is missing");
  if (error == 0)
    error = build_settling(builder, node);
  const struct yaml_node *schedule = yaml_member(node, "schedule");
  if (error == 0 && schedule != NULL)
    error = build_schedule(builder, schedule);
  bool unused = false;
  if (error == 0)
    error = build_question(builder, attempts, &facts->question, &facts->absent_is_proof, &unused);
  if (error == 0 && unused)
    error = builder_refuse(builder, attempts->line, "only a movement is received");
  if (error == 0)
    error = build_question(builder, movements, &facts->movement_question, &facts->movement_absent_is_proof,
                           &facts->received_is_asked);
  const struct yaml_node *about = yaml_member(node, "about");
  if (error == 0 && about != NULL)
    error = builder_list(builder, about);
  for (const struct yaml_node *item = about == NULL ? NULL : about->child; error == 0 && item != NULL;
       item = item->next)
    error = build_about(builder, item);
  return error;
}
