#include "policy_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

static int read_text(const char *path, struct policy_source *source) {
  size_t length;
  const char *opened = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
  int result = read_file(opened, POLICY_TEXT_MAX, &source->text, &length);
  if (result == 0 && strlen(source->text) != length) {
    free(source->text);
    source->text = NULL;
    result = -EILSEQ;
  }
  if (result < 0) {
    fprintf(stderr, "freeport policy: cannot read %s: %s\n", opened, strerror(-result));
  }
  source->label = path;
  return result;
}

static int fetch_text(struct merchant_api *api, const char *id, struct policy_source *source) {
  json_t *policy;
  if (api->port == 0) {
    fputs("freeport policy: a policy is looked up by id only where a stack answers\n", stderr);
    return -ENOENT;
  }
  int result = policy_api_get(api, id, &policy);
  if (result < 0) {
    return result;
  }
  const char *text = json_string_value(json_object_get(policy, "text"));
  const char *found = json_string_value(json_object_get(policy, "id"));
  if (policy == NULL) {
    fputs("freeport policy: no policy is published yet; publish one with `freeport policy publish FILE`\n",
          stderr);
  }
  source->text = text == NULL ? NULL : strdup(text);
  result = policy == NULL ? -ENOENT : source->text == NULL || found == NULL ? -EBADMSG : 0;
  if (result == 0) {
    snprintf(source->id.text, sizeof source->id.text, "%s", found);
    source->label = source->id.text;
  }
  json_decref(policy);
  return result;
}

/* JSON has a path where a text has a place. */
static void say_wrong(const char *label, const struct policy_error *error) {
  char place[64] = "";
  bool suggests = error->suggestion[0] != '\0';
  if (error->line > 0)
    snprintf(place, sizeof place, "line %u, column %u: ", error->line, error->column);
  fprintf(stderr, "freeport policy: %s: %serror: expected %s%s%s%s\n", label, place, error->expected,
          suggests ? " (is it " : "", error->suggestion, suggests ? "?)" : "");
}

/* No text begins with a brace. */
static bool is_json(const char *text) {
  return text[strspn(text, " \t\r\n")] == '{';
}

/* From JSON, its text is the one that says the same. */
static int take_canonical(struct policy_source *source) {
  policy_hash_text(source->policy, source->hash);
  int result = policy_print(source->policy, &source->canonical);
  if (result != 0 || !is_json(source->text))
    return result;
  char *text = strdup(source->canonical);
  if (text == NULL)
    return -ENOMEM;
  free(source->text);
  source->text = text;
  return 0;
}

static int parse(struct policy_source *source) {
  struct policy_error error;
  int result = (is_json(source->text) ? policy_parse_json : policy_parse)(source->text, strlen(source->text),
                                                                          &source->policy, &error);
  if (result == POLICY_WRONG) {
    say_wrong(source->label, &error);
    return -EINVAL;
  }
  return result == 0 ? take_canonical(source) : result;
}

int source_read(struct merchant_api *api, const char *word, struct policy_source *ret_source) {
  struct policy_source *source = ret_source;
  *source = (struct policy_source){.label = "the policy in force"};
  bool by_id = word == NULL || id_parse("pol", word, NULL) == 0;
  int result = by_id ? fetch_text(api, word, source) : read_text(word, source);
  if (result == 0) {
    result = parse(source);
  }
  if (result < 0) {
    source_free(source);
  }
  return result;
}

void source_free(struct policy_source *source) {
  policy_free(source->policy);
  free(source->canonical);
  free(source->text);
  *source = (struct policy_source){0};
}

int source_draft(struct merchant_api *api, const char *reason, struct policy_source *source) {
  json_t *draft = NULL;
  if (source->id.text[0] != '\0') {
    return 0;
  }
  int result = policy_api_find(api, source->text, &draft);
  if (result == 0 && draft == NULL) {
    result = policy_api_draft(api, source->text, reason, &draft);
  }
  if (result < 0) {
    return result;
  }
  const char *id = json_string_value(json_object_get(draft, "id"));
  if (id == NULL) {
    result = -EBADMSG;
  } else {
    snprintf(source->id.text, sizeof source->id.text, "%s", id);
  }
  json_decref(draft);
  return result;
}
