#include "stack_processes.h"

#include <stdio.h>
#include <string.h>

static bool has_ended(pid_t pid) {
  char path[64], state = 'Z';
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return true;
  bool good = fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
  fclose(file);
  return !good || state == 'Z';
}

/* The program's name, from its command line: the kernel's own name for it is cut. */
static bool read_name(pid_t pid, char ret_name[PROCESS_NAME_CAPACITY]) {
  static const char prefix[] = "/freeport-";
  char path[64], line[4096] = "";
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return false;
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  const char *name = length > 0 ? strstr(line, prefix) : NULL;
  for (const char *next = name; next != NULL; next = strstr(next + 1, prefix))
    name = next;
  if (name == NULL || strlen(name + strlen(prefix)) >= PROCESS_NAME_CAPACITY)
    return false;
  strcpy(ret_name, name + strlen(prefix));
  return true;
}

/* Takes the child in when it is a daemon of ours that has not ended. */
static void take_child(struct stack_processes *now, pid_t pid) {
  char name[PROCESS_NAME_CAPACITY];
  if (now->count == STACK_PROCESSES_MAX || has_ended(pid) || !read_name(pid, name))
    return;
  strcpy(now->at[now->count].name, name);
  now->at[now->count++].pid = pid;
}

struct stack_processes stack_processes_now(pid_t supervisor) {
  struct stack_processes now = {0};
  char path[64];
  int pid;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)supervisor, (int)supervisor);
  FILE *file = fopen(path, "re");
  while (file != NULL && fscanf(file, "%d", &pid) == 1)
    take_child(&now, (pid_t)pid);
  if (file != NULL)
    fclose(file);
  return now;
}

static bool runs(const struct stack_processes *now, const char *name) {
  for (unsigned i = 0; i < now->count; i++) {
    if (strcmp(now->at[i].name, name) == 0)
      return true;
  }
  return false;
}

bool stack_processes_all(const struct stack_processes *now, const struct stack_processes *expected) {
  for (unsigned i = 0; i < expected->count; i++) {
    if (!runs(now, expected->at[i].name))
      return false;
  }
  return true;
}
