#include "connector_listings.h"

#include <string.h>

/* The connector after that name. Returns as admin_call(). */
static int next_connector(struct admin_client *admin, const char *after,
                          struct connector_listing *ret_listing) {
  struct connectors_question question = {0};
  strcpy(question.after, after);
  struct writer body = admin_body(admin);
  struct reader reply;
  write_connectors_question(&body, &question);
  int result = admin_call(admin, ADMIN_CONNECTOR_NEXT, &body, &reply);
  return result != 0 ? result : read_connector_listing(&reply, ret_listing);
}

int connectors_each(struct admin_client *admin,
                    void (*show)(void *context, const struct connector_listing *listing), void *context) {
  struct connector_listing listing = {0};
  int result;
  while ((result = next_connector(admin, listing.facts.name, &listing)) == 0) {
    show(context, &listing);
  }
  return result == STATUS_NOT_FOUND ? 0 : result;
}

int connector_find(struct admin_client *admin, const char *name, struct connector_listing *ret_listing) {
  struct connector_listing listing = {0};
  int result;
  while ((result = next_connector(admin, listing.facts.name, &listing)) == 0 &&
         strcmp(listing.facts.name, name) != 0) {
  }
  if (result == 0) {
    *ret_listing = listing;
  }
  return result;
}
