/* What happens to a universe as a whole: crashes, lost lines, full disks, clocks that jump. */
#pragma once

#include <stdint.h>

struct universe;

enum { FAULTS_MAX = 24, ROUGH_AGAIN_MS = 2 * 60 * 60 * 1000 };

enum fault_type {
  FAULT_CRASH = 1, /* at one of the next points: what was not synced is lost, kept or torn */
  FAULT_LINE,      /* the vault's line is lost for a while */
  FAULT_STORE,     /* commits fail for a while: the disk is full */
  FAULT_SYNC,      /* a sync fails: commits fail until the process is started again */
  FAULT_CLOCK,     /* the machine's clock jumps */
  FAULT_REGISTRY,  /* a connector is drained, disabled, made active, or its sheet changed */
  FAULT_POLICY,    /* another policy is published */
  FAULT_SLEEP,     /* the process gets no time for a while */
  FAULT_OUTAGE,    /* a PSP takes no request in for a while */
  FAULT_DRILL,     /* an operator takes a connector out on purpose */
  FAULT_TYPE_COUNT
};

struct fault {
  enum fault_type type;
  int64_t at_ms, lasts_ms;
  uint64_t detail;
};

struct faults {
  struct fault all[FAULTS_MAX];
  uint32_t count;
};

/* Draws a universe's faults and adds them to its events. */
void faults_draw(struct universe *universe, int64_t from_ms, int64_t to_ms);
void fault_begins(struct universe *universe, uint32_t fault);
void fault_ends(struct universe *universe, uint32_t fault);
