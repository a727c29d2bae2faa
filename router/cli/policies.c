#include "policies.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "command_line.h"
#include "commands.h"
#include "diff.h"
#include "exit_status.h"
#include "paths.h"
#include "policy_api.h"
#include "policy_connectors.h"
#include "policy_source.h"
#include "policy_tables.h"
#include "routing.h"
#include "time_zone.h"

static const char usage[] =
    "usage: freeport policy check FILE | show [ID] | log --dir DIR\n"
    "       freeport policy diff [FILE|ID] [FILE|ID] --dir DIR\n"
    "       freeport policy replay FILE|ID [--days N] --dir DIR\n"
    "       freeport policy publish FILE|ID [--reason TEXT] --dir DIR\n"
    "       freeport policy rollback [--reason TEXT] --dir DIR\n"
    "\n"
    "A policy is a text such as `otherwise route adyen, stripe`: the connectors that a payment is tried at, "
    "in\n"
    "order. FILE is such a text, or JSON ('-': standard input); ID is one that the router has (pol_...).\n"
    "\n"
    "  check     says, with line and column, what is wrong or doubtful; with the connectors of the stack in "
    "DIR,\n"
    "            or without when none answers. Nothing is sent. Exit status 1 when there are errors\n"
    "  diff      compares two policies statement by statement: - gone, + new, > moved. One alone is "
    "compared\n"
    "            with the one in force; without any, the one in force with what stood before it\n"
    "  replay    what the policy would have done with the payments of the last N days (1 to 90, else 7). A "
    "FILE is\n"
    "            drafted for it, once; nothing is published\n"
    "  publish   puts it in force for every payment that begins afterwards. A FILE is drafted first; what "
    "is\n"
    "            published has the hash of what was read, or nothing is\n"
    "  rollback  puts the one before that says something else back in force, in one step; again: the one "
    "before that.\n"
    "            What the checker finds in it today is said, and does not hinder it\n"
    "  log       what was published and rolled back, when, by which key and why\n"
    "  show      the policy in force, or that of ID; as a tree with --json, which replay and log take as "
    "well\n"
    "\n"
    "Exit status: 0 done (diff: whether they differ or not), 1 the policy is wrong or the router refused, 64 "
    "wrong\n"
    "usage, 69 no stack answers in DIR.\n";

enum { DAYS_DEFAULT = 7, DAYS_MAX = 90, LOG_SHOWN = 1000 };

/* ---- check ---- */

/* Holds the policy against the connectors that the stack has. Returns 0 or a negated errno. */
static int check_connectors(struct merchant_api *api, const struct policy *policy,
                            struct policy_findings *ret_findings) {
  json_t *list;
  struct policy_connectors connectors;
  int result = policy_api_call(api, "GET", "/v1/connectors", NULL, &list);
  if (result < 0) {
    return result;
  }
  result = policy_connectors_read(json_object_get(list, "data"), &connectors);
  if (result == 0) {
    result = policy_check(policy, connectors.connectors, connectors.count, time_zone_offset, ret_findings);
    policy_connectors_free(&connectors);
  }
  json_decref(list);
  return result;
}

static int check(struct merchant_api *api, const struct policy_source *source) {
  static struct policy_findings findings;
  int result = 0;
  if (api->port == 0 || check_connectors(api, source->policy, &findings) < 0) {
    fputs("freeport policy: without a stack that answers, its connectors were not looked up\n", stderr);
    result = policy_check(source->policy, NULL, 0, time_zone_offset, &findings);
  }
  if (result < 0) {
    return result;
  }
  print_findings(source->label, &findings);
  if (findings.errors > 0) {
    return -EINVAL;
  }
  printf("the policy is well-formed; hash %s\n", source->hash);
  return 0;
}

static int check_action(struct merchant_api *api, const struct command_line *line) {
  struct policy_source source;
  int result = source_read(api, line->words[1], &source);
  if (result == 0) {
    result = check(api, &source);
    source_free(&source);
  }
  return result;
}

/* ---- diff ---- */

static int compare(const struct policy_source *before, const struct policy_source *after) {
  struct policy_diff diff;
  int result = policy_diff(before->canonical, after->canonical, &diff);
  if (result == 0) {
    print_diff(before->label, after->label, &diff);
    policy_diff_free(&diff);
  }
  return result;
}

static int diff_words(struct merchant_api *api, const char *first, const char *second) {
  struct policy_source before, after;
  int result = source_read(api, first, &before);
  if (result < 0) {
    return result;
  }
  result = source_read(api, second, &after);
  if (result == 0) {
    result = compare(&before, &after);
    source_free(&after);
  }
  source_free(&before);
  return result;
}

/* What is in force, and what the publication before it put there. */
static int diff_last(struct merchant_api *api) {
  json_t *history;
  int result = policy_api_history(api, 2, &history);
  if (result < 0) {
    return result;
  }
  const char *after = json_string_value(json_object_get(json_array_get(history, 0), "policy"));
  const char *before = json_string_value(json_object_get(json_array_get(history, 1), "policy"));
  if (before == NULL) {
    fputs("freeport policy: fewer than two policies were published: name what to compare\n", stderr);
    result = -ENOENT;
  } else {
    result = diff_words(api, before, after);
  }
  json_decref(history);
  return result;
}

static int diff_action(struct merchant_api *api, const struct command_line *line) {
  if (line->word_count == 1) {
    return diff_last(api);
  }
  return line->word_count == 2 ? diff_words(api, NULL, line->words[1])
                               : diff_words(api, line->words[1], line->words[2]);
}

/* ---- replay ---- */

static int replay(struct merchant_api *api, const struct policy_source *source, long days, bool as_json) {
  char path[128];
  json_t *answer, *body = json_pack("{s:I}", "days", (json_int_t)days);
  int result =
      body == NULL ? -ENOMEM : file_path(path, sizeof path, "/v1/policies/%s/replay", source->id.text);
  if (result < 0) {
    json_decref(body);
    return result;
  }
  result = policy_api_call(api, "POST", path, body, &answer);
  if (result < 0) {
    return result;
  }
  if (as_json) {
    puts(api->answer.body);
  } else {
    print_replay(answer);
  }
  json_decref(answer);
  return 0;
}

/* 0: what was given is no number of days. */
static long days_of(const struct command_line *line) {
  char *end = NULL;
  long days = line->days == NULL ? DAYS_DEFAULT : strtol(line->days, &end, 10);
  return days < 1 || days > DAYS_MAX || (end != NULL && *end != '\0') ? 0 : days;
}

static int replay_action(struct merchant_api *api, const struct command_line *line) {
  struct policy_source source;
  int result = source_read(api, line->words[1], &source);
  if (result < 0) {
    return result;
  }
  result = source_draft(api, line->reason, &source);
  if (result == 0) {
    result = replay(api, &source, days_of(line), line->json);
  }
  source_free(&source);
  return result;
}

/* ---- publish, rollback ---- */

static int publish_action(struct merchant_api *api, const struct command_line *line) {
  struct policy_source source;
  int result = source_read(api, line->words[1], &source);
  if (result < 0) {
    return result;
  }
  result = source_draft(api, line->reason, &source);
  if (result == 0) {
    result = policy_api_publish(api, source.id.text, source.hash, line->reason);
  }
  if (result == 0) {
    printf("published %s, hash %s\n", source.id.text, source.hash);
  }
  source_free(&source);
  return result;
}

static int rollback_action(struct merchant_api *api, const struct command_line *line) {
  json_t *policy, *body = json_pack("{s:s*}", "reason", line->reason);
  if (body == NULL) {
    fputs("freeport policy: the reason is no valid UTF-8\n", stderr);
    return -EINVAL;
  }
  int result = policy_api_call(api, "POST", "/v1/policies/rollback", body, &policy);
  if (result == 0) {
    printf("rolled back to %s, hash %s\n", json_string_value(json_object_get(policy, "id")),
           json_string_value(json_object_get(policy, "hash")));
    print_told_findings(json_object_get(policy, "findings"));
    json_decref(policy);
  }
  return result;
}

int policy_publish_first(uint16_t port, const struct id *secret_key, const char *text) {
  static struct merchant_api api = {.command = "policy"};
  api.port = port;
  api.secret_key = *secret_key;
  json_t *history, *draft;
  int result = policy_api_history(&api, 1, &history);
  if (result == 0 && json_array_size(history) == 0) {
    result = policy_api_draft(&api, text, NULL, &draft);
    if (result == 0) {
      const char *id = json_string_value(json_object_get(draft, "id"));
      result = id == NULL ? -EBADMSG : policy_api_publish(&api, id, NULL, NULL);
      json_decref(draft);
    }
    json_decref(history);
  } else if (result == 0) {
    json_decref(history);
  }
  merchant_api_forget(&api);
  return result;
}

/* ---- log, show ---- */

static int log_action(struct merchant_api *api, const struct command_line *line) {
  json_t *history;
  int result = policy_api_history(api, LOG_SHOWN, &history);
  if (result < 0) {
    return result;
  }
  if (line->json) {
    json_dumpf(history, stdout, JSON_INDENT(2));
    puts("");
  } else {
    print_log(history);
  }
  json_decref(history);
  return 0;
}

static int show_tree(const struct policy_source *source) {
  char *tree;
  int result = policy_print_json(source->policy, &tree);
  if (result == 0) {
    puts(tree);
    free(tree);
  }
  return result;
}

static int show_action(struct merchant_api *api, const struct command_line *line) {
  struct policy_source source;
  int result = source_read(api, line->word_count > 1 ? line->words[1] : NULL, &source);
  if (result < 0) {
    return result;
  }
  if (line->json) {
    result = show_tree(&source);
  } else {
    fputs(source.text, stdout);
  }
  source_free(&source);
  return result;
}

/* ---- The command ---- */

static const struct action {
  const char *name, *takes;
  int least, most; /* words, the action itself among them */
  bool offline;    /* it may do without a stack */
  int (*run)(struct merchant_api *api, const struct command_line *line);
} actions[] = {
    {"check", "one FILE, or - for standard input", 2, 2, true, check_action},
    {"diff", "at most two of FILE and ID", 1, 3, true, diff_action},
    {"replay", "one FILE or ID", 2, 2, false, replay_action},
    {"publish", "one FILE or ID, or - for standard input", 2, 2, false, publish_action},
    {"rollback", "no arguments", 1, 1, false, rollback_action},
    {"log", "no arguments", 1, 1, false, log_action},
    {"show", "at most one ID", 1, 2, false, show_action},
};

static const struct action *action_named(const char *name) {
  for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
    if (strcmp(actions[i].name, name) == 0) {
      return &actions[i];
    }
  }
  return NULL;
}

static int run(const struct action *action, const struct command_line *line) {
  static struct merchant_api api;
  int result = action->offline ? merchant_api_find(line->directory, line->command, &api)
                               : merchant_api_open(line->directory, line->command, &api);
  if (result < 0 && !action->offline) {
    return EXIT_NO_STACK;
  }
  result = action->run(&api, line);
  merchant_api_forget(&api);
  if (result == -ENOMEM) {
    fputs("freeport policy: out of memory\n", stderr);
  }
  return merchant_api_status(result);
}

int policy_command(int argc, char **argv) {
  static const char names[] = "check, diff, replay, publish, rollback, log and show";
  struct command_line line;
  int status;
  if (command_line_parse(argc, argv, usage, &line, &status) != 0) {
    return status;
  }
  if (line.word_count == 0) {
    return command_wrong(line.command, usage, "what to do is missing: %s", names);
  }
  const struct action *action = action_named(line.words[0]);
  if (action == NULL) {
    return command_wrong(line.command, usage, "there is no such action; %s are", names);
  }
  if (line.word_count < action->least || line.word_count > action->most) {
    return command_wrong(line.command, usage, "%s takes %s", action->name, action->takes);
  }
  if (days_of(&line) == 0) {
    return command_wrong(line.command, usage, "--days takes a number from 1 to %d", DAYS_MAX);
  }
  return run(action, &line);
}
