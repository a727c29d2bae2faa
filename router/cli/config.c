#include "config.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bins.h"
#include "fee_book.h"
#include "health_limits.h"
#include "paths.h"
#include "retry_schedule.h"
#include "web_address.h"

enum { RETRIES_TEXT_MAX = 128 };

static const cyaml_schema_value_t origin_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 8, 256)};

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_STRING_PTR("environment", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           environment, 4, 4),
    CYAML_FIELD_STRING_PTR("bins", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, bins, 1,
                           PATH_MAX),
    CYAML_FIELD_STRING_PTR("sheets", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, sheets, 1,
                           PATH_MAX),
    CYAML_FIELD_STRING_PTR("fees", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, fees, 1,
                           PATH_MAX),
    CYAML_FIELD_STRING_PTR("certificate", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           certificate, 1, PATH_MAX),
    CYAML_FIELD_STRING_PTR("certificate_key", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           certificate_key, 1, PATH_MAX),
    CYAML_FIELD_STRING_PTR("hooks_certificate", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           hooks_certificate, 1, PATH_MAX),
    CYAML_FIELD_STRING_PTR("hooks_certificate_key", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           hooks_certificate_key, 1, PATH_MAX),
    CYAML_FIELD_STRING_PTR("trust", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, trust, 1,
                           PATH_MAX),
    CYAML_FIELD_SEQUENCE("origins", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, origins,
                         &origin_schema, 0, CONFIG_ORIGINS_MAX),
    CYAML_FIELD_STRING_PTR("webhook_retries", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           webhook_retries, 1, RETRIES_TEXT_MAX),
    CYAML_FIELD_STRING_PTR("health", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, health, 1,
                           HEALTH_LIMITS_TEXT_MAX),
    CYAML_FIELD_UINT("port_base", CYAML_FLAG_OPTIONAL, struct config, port_base),
    CYAML_FIELD_END};

static const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields)};

static const char defaults[] =
    "# Freeport's configuration. Every key may be left out; changes take effect at the next start.\n"
    "\n"
    "# test accepts published test card numbers only and keeps its root key in a file.\n"
    "environment: test\n"
    "\n"
    "# Pages that may embed the card form or call collect from a browser, as scheme://host[:port].\n"
    "origins: []\n"
    "\n"
    "# HTTPS for collect and hooks: PEM files. Without them they speak HTTP, on loopback only.\n"
    "# certificate: /etc/freeport/collect.pem\n"
    "# certificate_key: /etc/freeport/collect.key\n"
    "# hooks_certificate: /etc/freeport/hooks.pem\n"
    "# hooks_certificate_key: /etc/freeport/hooks.key\n"
    "\n"
    "# A BIN table made with `freeport bins compile`; without it a small one of test ranges is used.\n"
    "# bins: /var/lib/freeport/bins.table\n"
    "\n"
    "# Connector sheets, and the authorities that egress and notify trust; without them the built-in "
    "and the system's.\n"
    "# sheets: /etc/freeport/sheets\n"
    "# trust: /etc/ssl/certs/ca-certificates.crt\n"
    "\n"
    "# What each connector charges, for `cheapest of` in policies.\n"
    "# fees: /etc/freeport/fees.yaml\n"
    "\n"
    "# After how many seconds a webhook is tried again, one number a failure; then it is a dead letter.\n"
    "# webhook_retries: 5,300,1800,7200,18000,36000,50400,72000,86400\n"
    "\n"
    "# When a connector counts as failing: more than so many percent faults among at least so many requests; "
    "how many "
    "good\n"
    "# answers in a row bring it back; for how many seconds it is out at first, and at most.\n"
    "# health: faults=10,requests=20,good=10,out=5,out_most=60\n"
    "\n"
    "# First of the ports used; 0 chooses free ones once and keeps them.\n"
    "port_base: 0\n";

/* libcyaml's messages name the line and the key, and are about a file that the operator wrote. */
__attribute__((format(printf, 3, 0))) static void report(cyaml_log_t level, void *context, const char *format,
                                                         va_list arguments) {
  (void)context;
  if (level >= CYAML_LOG_ERROR) {
    fputs("freeport: freeport.yaml: ", stderr);
    vfprintf(stderr, format, arguments);
  }
}

static const cyaml_config_t yaml_settings = {
    .log_fn = report, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem, .flags = CYAML_CFG_NO_ALIAS};

static int write_defaults(const char *path) {
  if (access(path, F_OK) == 0) {
    return 0;
  }
  FILE *file = fopen(path, "wxe");
  if (file == NULL) {
    return -errno;
  }
  bool wrote = fputs(defaults, file) >= 0;
  return fclose(file) == 0 && wrote ? 0 : -EIO;
}

int config_check_fees(const char *path) {
  struct fee_book *book = NULL;
  struct fee_book_error wrong;
  char *bytes;
  size_t length;
  int result = read_file(path, FEE_BOOK_BYTES_MAX, &bytes, &length);
  if (result < 0) {
    fprintf(stderr, "freeport: freeport.yaml: fees: cannot read %s: %s\n", path, strerror(-result));
    return -EINVAL;
  }
  result = fee_book_read(bytes, length, &book, &wrong);
  free(bytes);
  fee_book_free(book);
  if (result == -EINVAL) {
    fprintf(stderr, "freeport: freeport.yaml: fees: %s, line %u: %s\n", path, wrong.line, wrong.reason);
  }
  return result;
}

static int check_bins(const char *path) {
  struct bin_table *table;
  int result = bin_table_open(path, &table);
  if (result == 0) {
    bin_table_close(table);
  } else if (result == -EBADMSG) {
    fprintf(stderr, "freeport: freeport.yaml: bins: %s is no table made by `freeport bins compile`\n", path);
    result = -EINVAL;
  }
  return result;
}

/* What the configuration names is there at the start, or the start says so. */
static int check_files(const struct config *config) {
  const struct {
    const char *key, *path;
  } named[] = {{"bins", config->bins},
               {"sheets", config->sheets},
               {"fees", config->fees},
               {"trust", config->trust},
               {"certificate", config->certificate},
               {"certificate_key", config->certificate_key},
               {"hooks_certificate", config->hooks_certificate},
               {"hooks_certificate_key", config->hooks_certificate_key}};
  for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
    if (named[i].path != NULL && access(named[i].path, R_OK) < 0) {
      fprintf(stderr, "freeport: freeport.yaml: %s: cannot read %s: %s\n", named[i].key, named[i].path,
              strerror(errno));
      return -EINVAL;
    }
  }
  int result = config->bins != NULL ? check_bins(config->bins) : 0;
  return result == 0 && config->fees != NULL ? config_check_fees(config->fees) : result;
}

/* Live needs keys that custodians hold, and no provider of such is built yet. */
static int check_environment(const struct config *config) {
  if (config->environment != NULL && strcmp(config->environment, "live") == 0) {
    fputs("freeport: freeport.yaml: environment: live needs keys in the hands of custodians, which this "
          "version "
          "cannot hold yet; 'test' runs\n",
          stderr);
    return -EINVAL;
  }
  if (config->environment != NULL && strcmp(config->environment, "test") != 0) {
    fputs("freeport: freeport.yaml: environment is 'test' or 'live'\n", stderr);
    return -EINVAL;
  }
  return 0;
}

static int check_origins(const struct config *config) {
  for (unsigned i = 0; i < config->origins_count; i++) {
    if (!web_origin_valid(config->origins[i])) {
      fprintf(stderr,
              "freeport: freeport.yaml: origins: entry %u is no origin: scheme://host[:port] in lower case, "
              "without a path or a slash at its end\n",
              i + 1);
      return -EINVAL;
    }
  }
  return 0;
}

static int check(const struct config *config) {
  if (check_environment(config) < 0 || check_origins(config) < 0) {
    return -EINVAL;
  }
  if ((config->certificate == NULL) != (config->certificate_key == NULL)) {
    fputs("freeport: freeport.yaml: certificate and certificate_key go together\n", stderr);
    return -EINVAL;
  }
  if ((config->hooks_certificate == NULL) != (config->hooks_certificate_key == NULL)) {
    fputs("freeport: freeport.yaml: hooks_certificate and hooks_certificate_key go together\n", stderr);
    return -EINVAL;
  }
  struct retry_schedule retries;
  if (config->webhook_retries != NULL && retry_schedule_read(config->webhook_retries, &retries) < 0) {
    fprintf(stderr,
            "freeport: freeport.yaml: webhook_retries is seconds with one comma between, as 5,300,1800: at "
            "most %d, "
            "none above %d\n",
            RETRY_WAITS_MAX, RETRY_WAIT_MAX_S);
    return -EINVAL;
  }
  struct gate_limits limits;
  char reason[HEALTH_REASON_CAPACITY];
  if (config->health != NULL && health_limits_read(config->health, &limits, reason) < 0) {
    fprintf(stderr, "freeport: freeport.yaml: health: %s\n", reason);
    return -EINVAL;
  }
  if (config->port_base > 65000) {
    fputs("freeport: freeport.yaml: port_base is at most 65000\n", stderr);
    return -EINVAL;
  }
  return check_files(config);
}

/* A file without content, or with comments alone, is no mapping: libcyaml loads nothing for it. Returns 0
 * with a configuration, all defaults then. */
static int load(const char *path, struct config **ret_config) {
  struct config *config = NULL;
  if (cyaml_load_file(path, &yaml_settings, &config_schema, (cyaml_data_t **)&config, NULL) != CYAML_OK) {
    return -EINVAL;
  }
  if (config == NULL) {
    config = yaml_settings.mem_fn(yaml_settings.mem_ctx, NULL, sizeof *config);
    if (config == NULL) {
      return -ENOMEM;
    }
    memset(config, 0, sizeof *config);
  }
  *ret_config = config;
  return 0;
}

int config_load(const char *directory, struct config **ret_config) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/freeport.yaml", directory) >= (int)sizeof path) {
    return -ENAMETOOLONG;
  }
  int result = write_defaults(path);
  if (result < 0) {
    return result;
  }
  struct config *config;
  result = load(path, &config);
  if (result < 0) {
    return result;
  }
  result = check(config);
  if (result < 0) {
    config_free(config);
    return result;
  }
  *ret_config = config;
  return 0;
}

void config_free(struct config *config) {
  if (config != NULL) {
    cyaml_free(&yaml_settings, &config_schema, config, 0);
  }
}
