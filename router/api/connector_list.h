/* The registered connectors as the vault tells them, page by page; the engine keeps the list. */
#pragma once

#include "engine.h"
#include "loop.h"
#include "vault_link.h"

enum { CONNECTORS_MAX = 256 };

struct connector_list {
  struct vault_link *vault;
  struct loop *loop;
  void (*loaded)(void *context, const struct connector_facts *facts, size_t count);
  void (*ended)(void *context, bool good);
  void *context;
  bool known;   /* they were read at least once */
  bool doubted; /* they may have changed since, unheard: the line was lost */
  bool reading; /* a question is under way */
  bool again;   /* they changed meanwhile */
  struct vault_question question;
  struct timer retry;
  size_t count;
  struct connector_facts facts[CONNECTORS_MAX];
};

/* loaded: called with the whole list each time it was read. ended: called when a reading is over, good or
 * not, unless another follows at once because something changed meanwhile. */
void connector_list_init(struct connector_list *connectors, struct vault_link *vault, struct loop *loop,
                         void (*loaded)(void *context, const struct connector_facts *facts, size_t count),
                         void (*ended)(void *context, bool good), void *context);
/* The vault cannot say any more that they changed: what is known is to go on with, until they are read
 * again. */
void connector_list_doubt(struct connector_list *connectors);
/* Reads them (again): the vault's line has come up, the vault said that they changed, or somebody must know.
 * What is read was asked for after this call. */
void connector_list_read(struct connector_list *connectors);
