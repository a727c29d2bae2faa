/* The stack's configuration: DIR/freeport.yaml. Every key is optional; the file is made with comments at the
 * first `freeport up`. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum { CONFIG_ORIGINS_MAX = 32 };

struct config {
  char *environment; /* "test" or "live" */
  char *bins;        /* compiled BIN table, or NULL for the built-in one */
  char *sheets;      /* directory of connector sheets, or NULL for the built-in ones */
  char *fees;        /* what connectors charge (policy/fees), or NULL: not known */
  char *certificate; /* PEM file for collect's HTTPS, or NULL for HTTP on loopback */
  char *certificate_key;
  char *hooks_certificate; /* the same for hooks */
  char *hooks_certificate_key;
  char *trust;    /* PEM file of the authorities that egress and notify trust, or NULL for the system's */
  char **origins; /* where the card form may be embedded and collect called from */
  unsigned origins_count;
  char *webhook_retries; /* seconds, a comma between; NULL: the standard */
  char *health;          /* when a connector counts as failing (health_limits.h), or NULL: the defaults */
  uint32_t port_base;    /* 0: free ports are chosen, and kept */
};

/* Reads DIR/freeport.yaml, first writing one with defaults where there is none. On a wrong file a message
 * that names line and key has gone to standard error. Returns 0, or a negated errno (-EINVAL: wrong content).
 * *ret_config is freed with config_free(). */
MUST_USE int config_load(const char *directory, struct config **ret_config);
void config_free(struct config *config);
/* Whether the file at path is one of fees; else a message that names the line has gone to standard error.
 * Returns 0, or a negated errno (-EINVAL: wrong content, or it cannot be read). */
MUST_USE int config_check_fees(const char *path);
