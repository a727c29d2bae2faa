#include "metrics_text.h"
#include <inttypes.h>

void metrics_head(FILE *out, const char *name, const char *type, const char *help) {
  fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_one(FILE *out, const char *name, const char *type, const char *help, uint64_t value) {
  metrics_head(out, name, type, help);
  fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void print_escaped(FILE *out, char c) {
  if (c == '\n')
    fputs("\\n", out);
  else if (c == '\\' || c == '"')
    fprintf(out, "\\%c", c);
  else
    fputc(c, out);
}

void metrics_label(FILE *out, char before, const char *name, const char *value) {
  fprintf(out, "%c%s=\"", before, name);
  while (*value != '\0')
    print_escaped(out, *value++);
  fputc('"', out);
}
