/* Web addresses that an operator gives, held to the rules of the processes that they are for before those are
 * started: so that what is wrong is named, and not a process that ends. */
#pragma once

#include <stdbool.h>

/* scheme://host[:port], http or https, in lower case and without a path: as collect takes an origin. */
bool web_origin_valid(const char *text);
/* scheme://host[:port][/path], http or https: as egress takes a connector's base URL. */
bool web_base_url_valid(const char *text);
