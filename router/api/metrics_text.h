/* The text exposition format of Prometheus, a line at a time.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* The two lines before a metric's samples. type: "counter", "gauge" or "histogram". */
void metrics_head(FILE *out, const char *name, const char *type, const char *help);
/* A metric with one sample and no labels, and its two lines. */
void metrics_one(FILE *out, const char *name, const char *type, const char *help, uint64_t value);
/* One label after a '{' or a ','; of the value, backslashes, quotation marks and line ends are escaped. */
void metrics_label(FILE *out, char before, const char *name, const char *value);
