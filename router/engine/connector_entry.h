/* What can happen to a connector, as its merchants are told it: the bodies of JOURNAL_CONNECTOR entries, one
 * for each merchant. Connectors are all merchants' alike; payments that are named are the merchant's own. */
#pragma once

#include "health_cells.h"
#include "payment.h"

enum {
  DRILLS_MAX = 16,           /* under way at once */
  DRILL_CONNECTORS_MAX = 16, /* told apart in a report */
  DRILL_MS_MAX = 60 * 60 * 1000,
  CONNECTOR_ENTRY_BYTES_MAX = 4096
};

enum connector_change {
  CONNECTOR_WENT_OUT = 1, /* it fails too often, or did so again while it was probed */
  CONNECTOR_PROBED,       /* canaries are let through from here on */
  CONNECTOR_CAME_BACK,
  CONNECTOR_DRILL_BEGAN,
  CONNECTOR_DRILL_ENDED,
  CONNECTOR_CHANGE_COUNT
};

/* A connector taken out on purpose, for a while. */
struct drill {
  struct id id;              /* "dri" */
  struct id merchant, actor; /* who asked for it */
  char connector[CONNECTOR_NAME_CAPACITY];
  int64_t started_ms, until_ms;
  int64_t ended_ms; /* 0: it is under way */
};

/* What a drill did to a merchant's payments. */
struct drill_report {
  uint32_t payments; /* that would have begun at the connector */
  uint32_t untried;  /* of these: tried nowhere */
  bool more;         /* there were more payments than are looked at */
  uint8_t count;
  struct drill_instead {
    char connector[CONNECTOR_NAME_CAPACITY]; /* where they began instead */
    uint32_t payments[PAYMENT_STATUS_COUNT]; /* how they stand, by status */
  } instead[DRILL_CONNECTORS_MAX];
};

struct connector_entry {
  struct id merchant;
  enum connector_change change;
  char connector[CONNECTOR_NAME_CAPACITY];
  enum network network; /* of the segment; NETWORK_UNKNOWN: the whole connector */
  char country[3];      /* likewise, "" */
  struct gate_figures figures;
  uint8_t payment_count; /* of the merchant's that failed, the latest first */
  struct id payments[GATE_FAILED_MAX];
  struct drill drill;         /* of a drill's */
  struct drill_report report; /* of CONNECTOR_DRILL_ENDED */
};

/* Appends it to the journal. Returns 0 or a negated errno. */
MUST_USE int connector_entry_append(struct ledger *ledger, const struct journal_head *head,
                                    const struct connector_entry *entry);
/* What an entry of JOURNAL_CONNECTOR says. Returns 0 or -EBADMSG. */
MUST_USE int connector_entry_read(const struct journal_entry *entry, struct connector_entry *ret_entry);

/* A drill as its row holds it. */
void write_drill(struct writer *writer, const struct drill *drill);
void read_drill(struct reader *reader, struct drill *ret_drill);

/* Looks at the merchant's payments that were created while the drill ran. Returns 0 or a negated errno. */
MUST_USE int drill_report(struct ledger *ledger, const struct draws *draws, const struct id *merchant,
                          const struct drill *drill, struct drill_report *ret_report);
