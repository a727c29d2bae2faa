#include "alphabet.h"
#include "policy_arena.h"
#include "policy_builder.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
  MINUTE_S = 60,
  HOUR_S = 60 * MINUTE_S,
  DAY_S = 24 * HOUR_S,
  WINDOW_MOST_S = 30 * DAY_S,
  THOUSAND = 1000,
  ZONE_PARTS_MAX = 3
};

/* ---- Facts ---- */

static bool is_attribute_name(const char *name, size_t length) {
  return length > 0 && length <= POLICY_ATTRIBUTE_MAX && alphabet_holds_bytes(ALPHABET_TOKEN, name, length) &&
         memchr(name, '.', length) == NULL && memchr(name, ':', length) == NULL;
}

static int unknown_fact(struct tree_builder *builder, struct place place, const char *name, size_t length) {
  struct guess guess = guess_for(name, length);
  for (enum policy_fact fact = FACT_METHOD; fact < FACT_COUNT; fact++)
    if (policy_fact_rule(fact)->argument != ARGUMENT_NAME)
      guess_try(&guess, policy_fact_rule(fact)->name);
  const char *dot = memchr(name, '.', length);
  if (guess.best[0] == '\0' && dot != NULL) {
    guess = guess_for(name, (size_t)(dot - name));
    guess_try(&guess, policy_fact_rule(FACT_CUSTOMER)->name);
    guess_try(&guess, policy_fact_rule(FACT_METADATA)->name);
  }
  return tree_misspelt(builder, place, "a fact, as card.country or amount", &guess);
}

static int attribute(struct tree_builder *builder, struct place place, enum policy_fact fact,
                     const char *name, size_t length, struct fact_name *ret_fact) {
  if (!is_attribute_name(name, length))
    return tree_wrong(builder, place, "a name after the dot: letters, digits, _ and - , at most 40 together");
  const char *copy = tree_intern(builder, name, length);
  if (copy == NULL)
    return -ENOMEM;
  *ret_fact = (struct fact_name){.fact = fact, .attribute = copy};
  return 0;
}

int tree_fact(struct tree_builder *builder, struct place place, const char *name, size_t length,
              struct fact_name *ret_fact) {
  enum policy_fact fact = policy_fact_named(name, length);
  const char *dot = memchr(name, '.', length);
  if (fact != 0 && policy_fact_rule(fact)->argument == ARGUMENT_NAME)
    return tree_wrong(builder, place, "a dot and a name after customer or metadata, as metadata.channel");
  if (fact == 0 && dot != NULL) {
    enum policy_fact prefix = policy_fact_named(name, (size_t)(dot - name));
    if (prefix == FACT_CUSTOMER || prefix == FACT_METADATA)
      return attribute(builder, place, prefix, dot + 1, length - (size_t)(dot + 1 - name), ret_fact);
  }
  if (fact == 0)
    return unknown_fact(builder, place, name, length);
  *ret_fact = (struct fact_name){.fact = fact};
  return 0;
}

static bool is_zone_letter(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
}

/* As the time zone database names them: Europe/Berlin, America/Argentina/Salta, Etc/GMT+5, UTC. */
static bool is_zone(const char *zone, size_t length) {
  unsigned parts = 1;
  bool starts = true;
  if (length == 0 || length >= POLICY_ZONE_CAPACITY)
    return false;
  for (size_t i = 0; i < length; i++) {
    bool letter = is_zone_letter(zone[i]);
    if (starts ? !letter : !letter && strchr("0123456789_+-/", zone[i]) == NULL)
      return false;
    starts = zone[i] == '/';
    parts += starts;
  }
  return !starts && parts <= ZONE_PARTS_MAX;
}

int tree_zone_name(struct tree_builder *builder, struct place place, const char *zone, size_t length,
                   const char **ret_zone) {
  if (!is_zone(zone, length))
    return tree_wrong(builder, place, "the name of a time zone, as \"Europe/Berlin\"");
  const char *copy = tree_intern(builder, zone, length);
  if (copy == NULL)
    return -ENOMEM;
  *ret_zone = copy;
  return 0;
}

int tree_zone(struct tree_builder *builder, struct place place, const char *zone, size_t length,
              struct fact_name *fact) {
  struct policy *policy = builder->policy;
  const char *copy;
  int result = tree_zone_name(builder, place, zone, length, &copy);
  if (result != 0)
    return result;
  unsigned number = 0;
  while (number < policy->zone_count && policy->zones[number] != copy)
    number++;
  if (number == POLICY_ZONES_MAX)
    return tree_wrong(builder, place, "at most 8 time zones");
  if (number == policy->zone_count)
    policy->zones[policy->zone_count++] = copy;
  fact->zone = (uint8_t)number;
  return 0;
}

/* Seconds, or 0 when it is no window. */
static int64_t read_window(const char *window, size_t length) {
  int64_t thousandths, unit;
  if (length < 2 || !policy_read_number(window, length - 1, &thousandths) || thousandths % THOUSAND != 0)
    return 0;
  switch (window[length - 1]) {
  case 'm':
    unit = MINUTE_S;
    break;
  case 'h':
    unit = HOUR_S;
    break;
  case 'd':
    unit = DAY_S;
    break;
  default:
    return 0;
  }
  int64_t count = thousandths / THOUSAND;
  return count >= 1 && count <= WINDOW_MOST_S / unit ? count * unit : 0;
}

int tree_window(struct tree_builder *builder, struct place place, const char *window, size_t length,
                struct fact_name *fact) {
  struct policy *policy = builder->policy;
  int64_t seconds = read_window(window, length);
  if (seconds == 0)
    return tree_wrong(builder, place, "a window from 1m to 30d, as 24h");
  unsigned number = 0;
  while (number < policy->window_count && policy->window_s[number] != seconds)
    number++;
  if (number == POLICY_WINDOWS_MAX)
    return tree_wrong(builder, place, "at most 8 windows");
  if (number == policy->window_count)
    policy->window_s[policy->window_count++] = (uint32_t)seconds;
  fact->window = (uint8_t)number;
  return 0;
}

/* ---- Comparisons ---- */

static int new_comparison(struct tree_builder *builder, struct place place, const struct fact_name *fact,
                          enum comparison comparison, struct node **ret_node) {
  if (builder->comparisons == POLICY_COMPARISONS_MAX)
    return tree_wrong(builder, place, "at most 131072 comparisons");
  struct node *node = policy_arena_take(builder->policy->arena, sizeof *node);
  if (node == NULL)
    return -ENOMEM;
  builder->comparisons++;
  *node = (struct node){
      .type = NODE_COMPARISON, .height = 1, .place = place, .fact = *fact, .comparison = comparison};
  *ret_node = node;
  return 0;
}

static int wrong_comparison(struct tree_builder *builder, struct place place, enum fact_values values) {
  return tree_wrong(builder, place,
                    values == VALUES_ATTRIBUTE ? "a number after this comparison, or == , != or in"
                                               : "== , != or in");
}

int tree_comparison(struct tree_builder *builder, struct place place, const struct fact_name *fact,
                    enum comparison comparison, struct place sign_place, const struct member_list *members,
                    struct node **ret_node) {
  enum fact_values values = policy_fact_rule(fact->fact)->values;
  struct member_list fitted;
  if (members->count == 0)
    return tree_wrong(builder, sign_place, "a value to compare with");
  assert(comparison == COMPARE_IN || (members->count == 1 && !members->members[0].is_range));
  int result = tree_fit(builder, fact->fact, members->count, members->members, &fitted);
  if (result == POLICY_WRONG && comparison != COMPARE_IN && tree_names_set(builder, &members->members[0].low))
    return tree_wrong(builder, sign_place, "in, for a set is named");
  if (result == 0 && !policy_may_compare(values, comparison, fitted.members[0].low.type))
    result = wrong_comparison(builder, sign_place, values);
  if (result == 0)
    result = new_comparison(builder, place, fact, comparison, ret_node);
  if (result != 0)
    return result;
  (*ret_node)->member_count = fitted.count;
  (*ret_node)->members = fitted.members;
  return 0;
}

static int wrong_set(struct tree_builder *builder, enum policy_fact fact, struct place place) {
  char expected[sizeof builder->error.expected];
  snprintf(expected, sizeof expected, "a set of which each member is %s", policy_fact_rule(fact)->expected);
  return tree_wrong(builder, place, expected);
}

/* The set's members as values of the fact: worked out once for each. */
static int fit_set(struct tree_builder *builder, struct named_set *set, enum policy_fact fact,
                   struct place place, struct fitted_set **ret_fitted) {
  struct member_list list;
  if (fact == FACT_METADATA)
    fact = FACT_CUSTOMER;
  for (struct fitted_set *one = set->fitted; one != NULL; one = one->next) {
    if (one->fact == fact) {
      *ret_fitted = one;
      return 0;
    }
  }
  int result = tree_fit(builder, fact, set->count, set->members, &list);
  if (result == POLICY_WRONG)
    return wrong_set(builder, fact, place);
  if (result != 0)
    return result;
  struct fitted_set *fitted = policy_arena_take(builder->policy->arena, sizeof *fitted);
  if (fitted == NULL)
    return -ENOMEM;
  *fitted =
      (struct fitted_set){.next = set->fitted, .fact = fact, .count = list.count, .members = list.members};
  set->fitted = fitted;
  *ret_fitted = fitted;
  return 0;
}

int tree_in_set(struct tree_builder *builder, struct place place, const struct fact_name *fact,
                struct place set_place, const char *set, size_t length, struct node **ret_node) {
  struct named_set *found;
  struct fitted_set *fitted = NULL;
  int result = tree_set_named(builder, set_place, set, length, &found);
  if (result == 0)
    result = fit_set(builder, found, fact->fact, set_place, &fitted);
  if (result == 0)
    result = new_comparison(builder, place, fact, COMPARE_IN, ret_node);
  if (result != 0)
    return result;
  (*ret_node)->set = found;
  (*ret_node)->member_count = fitted->count;
  (*ret_node)->members = fitted->members;
  return 0;
}

/* ---- Conditions ---- */

static int new_node(struct tree_builder *builder, enum node_type type, struct place place,
                    const struct node_list *children, struct node **ret_node) {
  unsigned height = 0;
  for (unsigned i = 0; i < children->count; i++)
    if (children->nodes[i]->height > height)
      height = children->nodes[i]->height;
  if (height >= POLICY_DEPTH_MAX)
    return tree_wrong(builder, place, "a condition nested at most 32 deep");
  struct node *node = policy_arena_take(builder->policy->arena, sizeof *node);
  if (node == NULL)
    return -ENOMEM;
  *node = (struct node){.type = type,
                        .height = (uint8_t)(height + 1),
                        .place = place,
                        .child_count = children->count,
                        .children = children->nodes};
  *ret_node = node;
  return 0;
}

int tree_add_node(struct tree_builder *builder, struct node_list *list, struct node *node) {
  void *nodes = list->nodes;
  int result = tree_grow(builder, &nodes, list->count, &list->capacity, sizeof(struct node *));
  if (result != 0)
    return result;
  list->nodes = nodes;
  list->nodes[list->count++] = node;
  return 0;
}

int tree_not(struct tree_builder *builder, struct place place, struct node *child, struct node **ret_node) {
  struct node_list children = {0};
  int result = tree_add_node(builder, &children, child);
  return result != 0 ? result : new_node(builder, NODE_NOT, place, &children, ret_node);
}

int tree_junction(struct tree_builder *builder, enum node_type type, const struct node_list *nodes,
                  struct node **ret_node) {
  struct node_list children = {0};
  int result = 0;
  assert(nodes->count > 0);
  if (nodes->count == 1) {
    *ret_node = nodes->nodes[0];
    return 0;
  }
  for (unsigned i = 0; result == 0 && i < nodes->count; i++) {
    struct node *node = nodes->nodes[i];
    if (node->type != type)
      result = tree_add_node(builder, &children, node);
    else
      for (unsigned j = 0; result == 0 && j < node->child_count; j++)
        result = tree_add_node(builder, &children, node->children[j]);
  }
  return result != 0 ? result : new_node(builder, type, nodes->nodes[0]->place, &children, ret_node);
}
