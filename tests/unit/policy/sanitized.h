/* Whether this build is under sanitizers, where random tests draw less: they look for faults of memory there,
 * the plain build for wrong answers. */
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

/* So many draws, or a fifth of them under sanitizers. */
#ifdef SANITIZED
#define DRAWS(count) ((count) / 5)
#else
#define DRAWS(count) (count)
#endif
