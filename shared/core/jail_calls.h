/* Which role may make which system call: the lists by themselves, so that they can be read on one screen. */
#pragma once

#include "jail.h"

/* Bits of a group's roles. */
enum {
  FOR_VAULT = 1 << JAIL_VAULT,
  FOR_COLLECT = 1 << JAIL_COLLECT,
  FOR_HOOKS = 1 << JAIL_HOOKS,
  FOR_EGRESS = 1 << JAIL_EGRESS,
  FOR_ROUTER = 1 << JAIL_ROUTER,
  FOR_NOTIFY = 1 << JAIL_NOTIFY,
  FOR_ALL = FOR_VAULT | FOR_COLLECT | FOR_HOOKS | FOR_EGRESS | FOR_ROUTER | FOR_NOTIFY,
  REACHING_OUT = FOR_EGRESS | FOR_NOTIFY /* they look names up and connect over TCP */
};

struct call_group {
  unsigned roles;
  const char *const *names; /* NULL-terminated */
};

/* Allowed whatever their arguments are. Ends with a group of no roles. */
extern const struct call_group allowed_calls[];
/* End the process. Ends with a group of no roles. */
extern const struct call_group deadly_calls[];
