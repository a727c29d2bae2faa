/* A strict reader of Prometheus's text format, for tests: what a scrape would refuse or take for two things
 * is a fault here. https://prometheus.io/docs/instrumenting/exposition_formats/ */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>

struct prometheus_text;

/* Reads all of it: HELP and TYPE once each and before the samples, which lie together; names and labels of
 * the right alphabets, no label twice, values escaped; no series twice; counters not negative; buckets of a
 * histogram that rise in le and in count, up to +Inf, which is _count. Returns NULL, and says what is wrong
 * and in which line; or what is freed with prometheus_free(). */
struct prometheus_text *prometheus_read(const char *text, char ret_wrong[200]);
void prometheus_free(struct prometheus_text *read);
/* The value of a series, labels in any order: `name{a="b"}`. -1: there is none. */
double prometheus_value(const struct prometheus_text *read, const char *series);
/* How many series there are of that name. */
size_t prometheus_count(const struct prometheus_text *read, const char *name);
