/* What is wrong or doubtful about a policy that parses: held against the registered connectors and against
 * itself. What the checker claims is true of every payment, absent values included; what it does not find may
 * still be there. README.md lists the codes. */
#pragma once

#include "operations.h"
#include "routing.h"

enum policy_connector_status {
  POLICY_CONNECTOR_ACTIVE, /* as long as nobody says otherwise */
  POLICY_CONNECTOR_DRAINING,
  POLICY_CONNECTOR_DISABLED
};

/* What is known of a registered connector. Borrowed during the check. */
struct policy_connector {
  const char *name;
  enum policy_connector_status status;
  bool feeless;                                /* no fee table is known for it */
  const char *const *methods;                  /* NULL-terminated; NULL: all */
  const char (*currencies)[CURRENCY_CAPACITY]; /* which it takes */
  unsigned currency_count;                     /* 0: all, as far as anybody knows */
  uint32_t networks;                           /* 1 << enum network, each that it takes; 0: all */
  uint32_t operations;                         /* 1 << enum operation; 0: all */
};

enum policy_severity {
  POLICY_NOTE = 1, /* worth knowing */
  POLICY_WARNING,  /* doubtful */
  POLICY_ERROR     /* must not be published */
};

enum { POLICY_FINDINGS_MAX = 100, POLICY_FINDING_TEXT_CAPACITY = 200 };

struct policy_finding {
  enum policy_severity severity;
  unsigned rule;         /* its number, from 0; the rules' count when it is about a set or schedule */
  uint32_t line, column; /* 0 when the policy came from JSON */
  const char *code;      /* "connector_unknown", ...; static */
  char text[POLICY_FINDING_TEXT_CAPACITY]; /* a sentence; rules by number, nothing of the policy's own text */
};

struct policy_findings {
  unsigned count, errors; /* errors: how many of severity POLICY_ERROR */
  bool more;              /* there were more than POLICY_FINDINGS_MAX: errors are kept before the others */
  struct policy_finding findings[POLICY_FINDINGS_MAX]; /* by place */
};

/* Seconds by which that time zone is ahead of UTC then, in *ret_offset_s. Returns 0, or -ENOENT for none. */
typedef int zone_lookup(const char *zone, int64_t at_ms, int32_t *ret_offset_s);

/* One rule of those that name a connector. */
struct policy_lean {
  unsigned rule;   /* its number, from 0 */
  unsigned active; /* how many of its connectors take new payments */
};

/* Finds the next rule from number `from` on that sends payments to the connector of that name, which stands
 * among those count; advice is none. Returns whether there is one, with *ret_lean. */
bool policy_leans_on(const struct policy *policy, const struct policy_connector *connectors, size_t count,
                     const char *name, unsigned from, struct policy_lean *ret_lean);

/* Checks a policy against itself; against those count connectors that are registered, unless they are NULL;
 * and for time zones that nobody knows, unless zone_offset is NULL. Returns 0, or -ENOMEM. */
MUST_USE int policy_check(const struct policy *policy, const struct policy_connector *connectors,
                          size_t count, zone_lookup *zone_offset, struct policy_findings *ret_findings);
