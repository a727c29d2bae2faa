/* What the files that turn a YAML tree into a sheet share. Inside this room only. */
#pragma once

#include "sheet_model.h"
#include "yaml_tree.h"

enum { INCLUDE_DEPTH_MAX = 4, BUILT_NODES_MAX = 8192 };

struct builder {
  struct sheet *sheet;
  struct sheet_error *error;
  const struct yaml_node *definitions; /* a map, or NULL */
  const struct yaml_node *words;       /* likewise */
  unsigned include_depth;
  unsigned nodes;
};

/* Notes what is wrong; returns -EINVAL. reason is static. */
MUST_USE int builder_refuse(struct builder *builder, unsigned line, const char *reason);
/* Zeroed bytes of the sheet's memory, or NULL. */
void *builder_take(struct builder *builder, size_t size);

/* Each of these refuses what is not of the wanted form. Texts are those of the YAML tree, which lives in the
 * same memory. */
MUST_USE int builder_map(struct builder *builder, const struct yaml_node *node);
MUST_USE int builder_list(struct builder *builder, const struct yaml_node *node);
MUST_USE int builder_text(struct builder *builder, const struct yaml_node *node, const char **ret_text);
/* A decimal integer from least to most, unquoted. */
MUST_USE int builder_number(struct builder *builder, const struct yaml_node *node, long least, long most,
                            long *ret_number);
/* true or false, unquoted. */
MUST_USE int builder_flag(struct builder *builder, const struct yaml_node *node, bool *ret_flag);
/* Refuses a map that has a key that names does not list; names ends with NULL. */
MUST_USE int builder_keys(struct builder *builder, const struct yaml_node *map, const char *const *names);
/* The texts of a list, or the one text that stands for a list of one. At most most of them. */
MUST_USE int builder_texts(struct builder *builder, const struct yaml_node *node, size_t most,
                           uint8_t *ret_count, const char ***ret_texts);

/* sheet_sections.c: the whole */
MUST_USE int build_sections(struct builder *builder, const struct yaml_node *root);

/* sheet_places.c */
MUST_USE int build_place(struct builder *builder, unsigned line, const char *name, size_t length,
                         struct place_ref *ret_ref);
MUST_USE int build_template(struct builder *builder, const struct yaml_node *node,
                            struct text_template *ret_template);
MUST_USE int build_conditions(struct builder *builder, const struct yaml_node *node,
                              const struct condition **ret_first);

/* sheet_nodes.c: an object of fields */
MUST_USE int build_object(struct builder *builder, const struct yaml_node *map, struct node **ret_node);

/* sheet_paths.c */
MUST_USE int build_path_text(struct builder *builder, unsigned line, const char *text,
                             struct json_path *ret_path);
MUST_USE int build_path(struct builder *builder, const struct yaml_node *node, struct json_path *ret_path);
/* Whether the node is that word without quotes: present, absent, word. */
bool builder_word(const struct yaml_node *node, const char *word);
/* Whether text is made of what header names are made of. */
bool builder_header_name(const char *text);

/* sheet_outcomes.c */
MUST_USE int build_outcomes(struct builder *builder, const struct yaml_node *list, struct answer_plan *plan);

/* sheet_readings.c: fields, or values carried to the next step */
MUST_USE int build_readings(struct builder *builder, const struct yaml_node *map, bool carried,
                            struct answer_plan *plan);

/* sheet_answers.c */
MUST_USE int build_answers(struct builder *builder, const struct yaml_node *node);
const struct answer_plan *builder_answer(const struct builder *builder, const char *name);

/* sheet_steps.c */
MUST_USE int build_operations(struct builder *builder, const struct yaml_node *node);
MUST_USE int build_questions(struct builder *builder, const struct yaml_node *node);

/* sheet_webhooks.c */
MUST_USE int build_webhooks(struct builder *builder, const struct yaml_node *node);

/* sheet_lint.c: the rules that no single part shows */
MUST_USE int lint(struct builder *builder);
