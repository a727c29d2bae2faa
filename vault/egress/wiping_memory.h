/* Memory for OpenSSL that is wiped before it is given back: its buffers held requests in the clear. */
#pragma once

#include "result.h"

/* Before anything else of OpenSSL. Returns 0, or -EALREADY when it is too late. */
MUST_USE int wiping_memory_install(void);
