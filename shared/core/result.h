/* The one error style of this project.
 *
 * A function that can fail returns int and is MUST_USE:
 *    0   done; out-parameters (named ret_*) are set
 *   <0   a failure that the caller forwards: a negated errno value (-EBADMSG: malformed bytes, -ENOSPC,
 *        -ENOMEM, -EPIPE, ...); out-parameters are untouched
 *   >0   an outcome that the caller handles, from an enum that the function names in its docstring
 * Bugs of our own are asserted, and assertions stay on in release builds. Other people's input never
 * reaches an assertion.
 */
#pragma once

#define MUST_USE __attribute__((warn_unused_result))
