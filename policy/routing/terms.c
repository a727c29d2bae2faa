#include "policy_terms.h"

/* ---- Terms ---- */

static uint64_t mask_of(unsigned key) {
  return UINT64_C(1) << key % 64;
}

static struct term *term_new(struct terms *terms, unsigned most) {
  return effort_memory(&terms->effort, sizeof(struct term) + most * sizeof(struct term_bound));
}

/* A key that may be anything is not bound. */
static void add_bound(const struct terms *terms, struct term *term, unsigned key,
                      const struct interval_set *set) {
  if (interval_set_equal(set, terms->keys[key].domain))
    return;
  term->mask |= mask_of(key);
  term->at[term->count++] = (struct term_bound){key, set};
}

const struct interval_set *term_bound_of(const struct terms *terms, const struct term *term, unsigned key) {
  for (unsigned i = 0; (term->mask & mask_of(key)) != 0 && i < term->count; i++)
    if (term->at[i].key == key)
      return term->at[i].set;
  return terms->keys[key].domain;
}

/* What fulfils both: 1 with *ret_term, 0 when nothing does, -1 when it is given up. */
static int both(struct terms *terms, const struct term *left, const struct term *right,
                const struct term **ret_term) {
  struct term *term = term_new(terms, left->count + right->count);
  unsigned i = 0, j = 0;
  if (term == NULL)
    return -1;
  while (i < left->count || j < right->count) {
    const struct term_bound *one = i < left->count ? &left->at[i] : NULL;
    const struct term_bound *other = j < right->count ? &right->at[j] : NULL;
    unsigned key = one == NULL || (other != NULL && other->key < one->key) ? other->key : one->key;
    bool in_left = one != NULL && one->key == key, in_right = other != NULL && other->key == key;
    const struct interval_set *set = in_left ? one->set : other->set;
    if (in_left && in_right)
      set = effort_intersect(&terms->effort, one->set, other->set);
    if (set == NULL)
      return -1;
    if (interval_set_is_empty(set))
      return 0;
    add_bound(terms, term, key, set);
    i += in_left;
    j += in_right;
  }
  *ret_term = term;
  return 1;
}

bool term_within(struct terms *terms, const struct term *part, const struct term *whole) {
  if ((whole->mask & ~part->mask) != 0)
    return false;
  for (unsigned i = 0; i < whole->count; i++)
    if (!effort_within(&terms->effort, term_bound_of(terms, part, whole->at[i].key), whole->at[i].set))
      return false;
  return true;
}

/* ---- Lists of terms ---- */

static bool add_term(struct term_list *list, const struct term *term) {
  if (list->count == TERMS_MAX)
    return list->known = false;
  list->at[list->count++] = term;
  return true;
}

/* Two terms about one and the same key are one: country == AT or country == DE. */
static bool unite_single(struct terms *terms, struct term_list *list, const struct term *term) {
  for (unsigned i = 0; term->count == 1 && i < list->count; i++) {
    if (list->at[i]->count != 1 || list->at[i]->at[0].key != term->at[0].key)
      continue;
    const struct interval_set *set = effort_unite(&terms->effort, list->at[i]->at[0].set, term->at[0].set);
    struct term *united = set == NULL ? NULL : term_new(terms, 1);
    list->known = list->known && united != NULL;
    if (united == NULL)
      return true;
    add_bound(terms, united, term->at[0].key, set);
    list->at[i] = united;
    return true;
  }
  return false;
}

static void add_alternatives(struct terms *terms, struct term_list *list, const struct term_list *more) {
  list->known = list->known && more->known;
  for (unsigned i = 0; list->known && i < more->count; i++)
    if (!unite_single(terms, list, more->at[i]))
      add_term(list, more->at[i]);
}

static void demand_also(struct terms *terms, struct term_list *list, const struct term_list *more) {
  struct term_list product = {.known = list->known && more->known};
  for (unsigned i = 0; product.known && i < list->count; i++) {
    for (unsigned j = 0; product.known && j < more->count; j++) {
      const struct term *term;
      int result = both(terms, list->at[i], more->at[j], &term);
      product.known = result >= 0;
      if (result > 0 && !unite_single(terms, &product, term))
        add_term(&product, term);
    }
  }
  *list = product;
}

void terms_of_anything(struct terms *terms, struct term_list *ret_list) {
  const struct term *term = term_new(terms, 0);
  *ret_list = (struct term_list){.known = term != NULL, .count = term != NULL, .at = {term}};
}

/* What fulfils piece and not term, one bound of the term after the other: added to the list. */
static void add_rest(struct terms *terms, struct term_list *list, const struct term *piece,
                     const struct term *term) {
  for (unsigned i = 0; list->known && i < term->count; i++) {
    const struct term_bound *bound = &term->at[i];
    const struct interval_set *held = term_bound_of(terms, piece, bound->key), *rest, *common;
    struct term *outside = term_new(terms, 1), *inside = term_new(terms, 1);
    const struct term *part;
    rest = effort_subtract(&terms->effort, held, bound->set);
    common = effort_intersect(&terms->effort, held, bound->set);
    list->known = outside != NULL && inside != NULL && rest != NULL && common != NULL;
    if (!list->known)
      return;
    add_bound(terms, outside, bound->key, rest);
    add_bound(terms, inside, bound->key, common);
    int result = interval_set_is_empty(rest) ? 0 : both(terms, piece, outside, &part);
    list->known = result >= 0 && (result == 0 || add_term(list, part));
    if (list->known && !interval_set_is_empty(common))
      list->known = both(terms, piece, inside, &piece) == 1;
    else
      return; /* nothing of the piece is left that fulfils this bound */
  }
}

/* Whether nothing fulfils both; false also when it is given up. */
static bool are_apart(struct terms *terms, const struct term *left, const struct term *right) {
  for (unsigned i = 0; i < right->count; i++)
    if (effort_apart(&terms->effort, term_bound_of(terms, left, right->at[i].key), right->at[i].set))
      return true;
  return false;
}

bool terms_subtract(struct terms *terms, struct term_list *pieces, const struct term *term) {
  struct term_list rest = {.known = pieces->known};
  for (unsigned i = 0; rest.known && i < pieces->count; i++) {
    if (are_apart(terms, pieces->at[i], term))
      rest.known = add_term(&rest, pieces->at[i]);
    else
      add_rest(terms, &rest, pieces->at[i], term);
  }
  *pieces = rest;
  return rest.known;
}

/* ---- Conditions ---- */

/* Of a comparison: a term for each key that it may be fulfilled by; of its opposite one that none fulfils. */
static void terms_of_comparison(struct terms *terms, const struct node *node, bool opposite,
                                struct term_list *ret_list) {
  struct term_bound bounds[TERM_PARTS_MAX];
  unsigned count;
  if (!terms_of_values(terms, node, bounds, &count)) {
    ret_list->known = false;
    return;
  }
  terms_of_anything(terms, ret_list);
  if (!opposite)
    ret_list->count = 0;
  for (unsigned i = 0; ret_list->known && i < count; i++) {
    struct term *term = term_new(terms, 1);
    const struct interval_set *set = bounds[i].set;
    if (opposite)
      set = effort_subtract(&terms->effort, terms->keys[bounds[i].key].domain, set);
    ret_list->known = term != NULL && set != NULL;
    if (!ret_list->known || interval_set_is_empty(set)) {
      ret_list->count = opposite ? 0 : ret_list->count;
      continue;
    }
    add_bound(terms, term, bounds[i].key, set);
    struct term_list one = {.known = true, .count = 1, .at = {term}};
    if (opposite)
      demand_also(terms, ret_list, &one);
    else
      add_alternatives(terms, ret_list, &one);
  }
}

void terms_of(struct terms *terms, const struct node *node, bool opposite, struct term_list *ret_list) {
  struct term_list part;
  *ret_list = (struct term_list){.known = true};
  if (node->type == NODE_COMPARISON) {
    terms_of_comparison(terms, node, opposite, ret_list);
    return;
  }
  if (node->type == NODE_NOT) {
    terms_of(terms, node->children[0], !opposite, ret_list);
    return;
  }
  bool all = (node->type == NODE_AND) != opposite;
  if (all)
    terms_of_anything(terms, ret_list);
  for (unsigned i = 0; ret_list->known && i < node->child_count; i++) {
    terms_of(terms, node->children[i], opposite, &part);
    if (all)
      demand_also(terms, ret_list, &part);
    else
      add_alternatives(terms, ret_list, &part);
  }
}
